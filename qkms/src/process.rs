//! What the process asks of the operating system before it touches a key.

use std::io;

/// Forbids core dumps, so that a crash leaves no keys on disk.
///
/// # Errors
///
/// That of the operating system.
pub fn forbid_core_dumps() -> io::Result<()> {
    #[cfg(unix)]
    rlimit::setrlimit(rlimit::Resource::CORE, 0, 0)?;
    // A kernel that pipes dumps into a program does not ask for the limit.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_dumpable(false)?;
    Ok(())
}

/// Raises the limit of open files as far as this user may; gives the limit that is then in force.
///
/// # Errors
///
/// That of the operating system.
pub fn raise_file_limit() -> io::Result<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
}

/// Ready once the process is asked to end (SIGINT or SIGTERM). Signals count from the call on.
///
/// # Errors
///
/// That of the operating system. Must be called within a tokio runtime.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {},
            _ = terminate.recv() => {},
        }
    })
}
