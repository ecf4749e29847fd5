mod epoch;
mod files;
mod honest;
mod picks;
mod thieves;
