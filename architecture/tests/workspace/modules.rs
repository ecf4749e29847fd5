//! The modules of a crate as its source declares them, and the file in which a name was made.
//!
//! Names are looked up as the compiler does, as far as the text of one crate tells: declarations, `use` with its
//! groups, renames and globs, `crate`, `self` and `super`. What a macro makes is taken to lie where its module does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::{Attribute, Expr, Item, Lit, Meta, UseTree};

/// The modules of a crate; the first one is its root.
#[derive(Default)]
pub struct Modules(pub Vec<Module>);

/// A module, in a file of its own or within another's.
#[derive(Default)]
pub struct Module {
    /// The file that it is written in.
    pub file: PathBuf,
    /// The module that it lies in; none for the root.
    pub parent: Option<usize>,
    /// Whether it is a unit test that stands in the file that it tests.
    pub is_unit_test: bool,
    /// What is written in it.
    pub items: Vec<Item>,
    /// The names that it gives.
    names: BTreeMap<String, Vec<Named>>,
    /// The paths of which it takes all names.
    globs: Vec<Vec<String>>,
    /// What all names stand for that can be said in it.
    found: BTreeMap<String, BTreeSet<Found>>,
}

/// What a name is given to.
#[derive(Clone, PartialEq)]
enum Named {
    Found(Found),
    /// What stands under another path.
    Path(Vec<String>),
}

/// What a name stands for.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Found {
    /// A module.
    Module(usize),
    /// Something else, made in this module.
    Item(usize),
}

impl Modules {
    /// Those of the crate that begins with this file.
    pub fn of(root: &Path) -> Self {
        let mut all = Self::default();
        let folder = root.parent().expect("a file lies in a folder");
        all.add(parse(root), root, folder, None);
        while all.follow() {}
        all
    }

    fn add(
        &mut self,
        items: Vec<Item>,
        file: &Path,
        folder: &Path,
        parent: Option<usize>,
    ) -> usize {
        let id = self.0.len();
        self.0.push(Module { file: file.to_owned(), parent, ..Module::default() });
        for item in &items {
            self.declare(id, item, file, folder);
        }
        self.0[id].items = items;
        id
    }

    /// Takes down the names that an item brings to its module.
    fn declare(&mut self, id: usize, item: &Item, file: &Path, folder: &Path) {
        let here = Named::Found(Found::Item(id));
        match item {
            Item::Mod(module) => {
                let name = module.ident.to_string();
                let below = folder.join(&name);
                let child = match &module.content {
                    Some((_, items)) => self.add(items.clone(), file, &below, Some(id)),
                    None => {
                        let at = path_attribute(&module.attrs)
                            .map(|path| file.with_file_name(path))
                            .unwrap_or_else(|| below.with_extension("rs"));
                        let at = if at.exists() { at } else { below.join("mod.rs") };
                        self.add(parse(&at), &at, &below, Some(id))
                    }
                };
                let for_tests = module.attrs.iter().any(is_for_tests);
                self.0[child].is_unit_test = module.content.is_some() && for_tests;
                self.name(id, name, Named::Found(Found::Module(child)));
            }
            Item::Use(used) if used.leading_colon.is_none() => {
                self.import(id, &used.tree, &mut Vec::new())
            }
            Item::Const(made) => self.name(id, made.ident.to_string(), here),
            Item::Enum(made) => self.name(id, made.ident.to_string(), here),
            Item::Fn(made) => self.name(id, made.sig.ident.to_string(), here),
            Item::Static(made) => self.name(id, made.ident.to_string(), here),
            Item::Struct(made) => self.name(id, made.ident.to_string(), here),
            Item::Trait(made) => self.name(id, made.ident.to_string(), here),
            Item::TraitAlias(made) => self.name(id, made.ident.to_string(), here),
            Item::Type(made) => self.name(id, made.ident.to_string(), here),
            Item::Union(made) => self.name(id, made.ident.to_string(), here),
            _ => {}
        }
    }

    fn import(&mut self, id: usize, tree: &UseTree, path: &mut Vec<String>) {
        for (path, name) in leaves(tree, path) {
            match name {
                Some(name) => self.name(id, name, Named::Path(path)),
                None => self.0[id].globs.push(path),
            }
        }
    }

    fn name(&mut self, id: usize, name: String, named: Named) {
        self.0[id].names.entry(name).or_default().push(named);
    }

    /// Follows each name and each glob by one step. Whether that found anything.
    fn follow(&mut self) -> bool {
        let mut more = false;
        for id in 0..self.0.len() {
            let module = &self.0[id];
            let mut found = BTreeMap::<String, BTreeSet<Found>>::new();
            for path in &module.globs {
                for from in self.find(id, path, |_| BTreeSet::new()) {
                    let Found::Module(from) = from else { continue };
                    for (name, stands_for) in &self.0[from].found {
                        found.entry(name.clone()).or_default().extend(stands_for);
                    }
                }
            }
            // A name that is given here hides what comes by a glob.
            for (name, named) in &module.names {
                let stands_for = named.iter().flat_map(|named| match named {
                    Named::Found(found) => BTreeSet::from([*found]),
                    // Of another crate that has the same name in here.
                    Named::Path(path) if path.first() == Some(name) => BTreeSet::new(),
                    Named::Path(path) => self.find(id, path, |_| BTreeSet::new()),
                });
                found.insert(name.clone(), stands_for.collect());
            }
            more |= self.0[id].found != found;
            self.0[id].found = found;
        }
        more
    }

    /// The module and those that it lies in, from within.
    pub fn lineage(&self, id: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(id), |id| self.0[*id].parent)
    }

    /// The files in which what stands under a path was made, as seen from a module. None if it comes from another
    /// crate, or is a module.
    pub fn files(&self, id: usize, path: &[String]) -> BTreeSet<&Path> {
        // What nobody gives in a module of ours, a macro has made there.
        let made = |module| BTreeSet::from([Found::Item(module)]);
        let found = self.find(id, path, made).into_iter();
        let made = found.filter_map(|found| match found {
            Found::Item(module) => Some(self.0[module].file.as_path()),
            Found::Module(_) => None,
        });
        made.collect()
    }

    /// What stands under a path, as far as it has been followed.
    fn find(
        &self,
        id: usize,
        path: &[String],
        unknown: impl Fn(usize) -> BTreeSet<Found>,
    ) -> BTreeSet<Found> {
        let Some((first, rest)) = path.split_first() else { return BTreeSet::new() };
        let parent = |id: usize| self.0[id].parent.map(Found::Module);
        let mut at: BTreeSet<_> = match first.as_str() {
            "crate" => BTreeSet::from([Found::Module(0)]),
            "self" => BTreeSet::from([Found::Module(id)]),
            "super" => parent(id).into_iter().collect(),
            name => self.0[id].found.get(name).cloned().unwrap_or_default(),
        };
        for segment in rest {
            let next = at.into_iter().flat_map(|found| match found {
                Found::Module(module) if segment == "super" => parent(module).into_iter().collect(),
                Found::Module(module) => {
                    let known = self.0[module].found.get(segment).cloned();
                    known.unwrap_or_else(|| unknown(module))
                }
                // A variant, or what belongs to a type.
                item => BTreeSet::from([item]),
            });
            at = next.collect();
        }
        at
    }
}

/// The paths that a `use` names, each with the name that it gets here; without one for a glob.
pub fn leaves(tree: &UseTree, path: &mut Vec<String>) -> Vec<(Vec<String>, Option<String>)> {
    let with = |path: &Vec<String>, name: &str| {
        let mut path = path.clone();
        if name != "self" || path.is_empty() {
            path.push(name.to_owned());
        }
        path
    };
    match tree {
        UseTree::Path(part) => {
            path.push(part.ident.to_string());
            let all = leaves(&part.tree, path);
            path.pop();
            all
        }
        UseTree::Name(part) => {
            let path = with(path, &part.ident.to_string());
            let name = path.last().cloned();
            vec![(path, name)]
        }
        UseTree::Rename(part) => {
            vec![(with(path, &part.ident.to_string()), Some(part.rename.to_string()))]
        }
        UseTree::Glob(_) => vec![(path.clone(), None)],
        UseTree::Group(group) => group.items.iter().flat_map(|tree| leaves(tree, path)).collect(),
    }
}

/// `#[cfg(test)]`, or a `cfg` that asks for more besides.
fn is_for_tests(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let asked = list.tokens.to_string();
            asked == "test" || asked.starts_with("all") && asked.contains("test")
        }
        _ => false,
    }
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(path) => Some(path.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

fn parse(file: &Path) -> Vec<Item> {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed = syn::parse_file(&text);
    parsed.unwrap_or_else(|error| panic!("{}: {error}", file.display())).items
}
