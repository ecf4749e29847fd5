//! No circle of files: none names what another makes and is named by it in turn, however long the way round.
//!
//! # What counts
//!
//! - Within a crate, which is a library, a program or a test that is built by itself: an arrow runs from a file to
//!   each other in which something was made that it names: by `use`, by a path in its code, within a macro or an
//!   attribute. Tests in files of their own count as all code does; unit tests that stand in the file that they test
//!   do not: to prove it they may name whatever is built on it.
//! - A name leads to where it was made, through whatever passes it on (`pub use`, a glob, another name), and passing
//!   on is no arrow: so neither does a `mod.rs` hide a circle, nor make one.
//! - *A module is the head of those that lie in it.* A file may name what its head makes, and what the head's own head
//!   makes: that is no arrow. It is how a pallet is built, whose `lib.rs` declares `Pallet` and whose other files
//!   implement it, and how any folder speaks of what it is about. What a head names of its own files is an arrow,
//!   and counts where the way goes on outside.
//! - A method that is called names nothing; nor does a comment.

use super::{
    metadata,
    modules::{Modules, leaves},
};
use proc_macro2::{TokenStream, TokenTree};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::{
    Attribute, Macro, Meta, Visibility,
    visit::{self, Visit},
};

/// Which file names what of which other.
type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// Reads the paths in one module.
struct Reader<'a> {
    modules: &'a Modules,
    module: usize,
    arrows: &'a mut Arrows,
}

impl Reader<'_> {
    fn name(&mut self, path: &[String]) {
        let modules = self.modules;
        let own = &modules.0[self.module].file;
        for file in modules.files(self.module, path) {
            let head = modules.lineage(self.module).any(|id| modules.0[id].file == file);
            if !head {
                let to = self.arrows.entry(own.clone()).or_default();
                to.entry(file.to_owned()).or_default().insert(path.join("::"));
            }
        }
    }

    /// The paths within a macro or an attribute.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::<String>::new();
        let mut before = String::new();
        for token in tokens {
            let text = token.to_string();
            match token {
                TokenTree::Ident(_) if before == "." => {
                    self.name(&path);
                    path.clear();
                }
                TokenTree::Ident(_) if before == "::" => path.push(text.clone()),
                TokenTree::Ident(_) => {
                    self.name(&path);
                    path = vec![text.clone()];
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                TokenTree::Group(group) => self.tokens(group.stream()),
            }
            before = if before == ":" && text == ":" { "::".to_owned() } else { text };
        }
        self.name(&path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names: Vec<_> = path.segments.iter().map(|part| part.ident.to_string()).collect();
            self.name(&names);
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, used: &'ast syn::ItemUse) {
        // A name that is passed on is named by whoever takes it.
        if matches!(used.vis, Visibility::Inherited) && used.leading_colon.is_none() {
            for (path, _) in leaves(&used.tree, &mut Vec::new()) {
                self.name(&path);
            }
        }
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.tokens(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    // A module is read by itself.
    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}
}

fn arrows(modules: &Modules) -> Arrows {
    let mut arrows = Arrows::new();
    for (module, read) in modules.0.iter().enumerate() {
        if modules.lineage(module).any(|id| modules.0[id].is_unit_test) {
            continue;
        }
        let mut reader = Reader { modules, module, arrows: &mut arrows };
        for item in &read.items {
            reader.visit_item(item);
        }
    }
    arrows
}

/// The files that one comes to from another along arrows.
fn reached<'a>(arrows: &'a Arrows, from: &'a Path) -> BTreeSet<&'a Path> {
    let mut all = BTreeSet::new();
    let mut left = vec![from];
    while let Some(file) = left.pop() {
        for next in arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
            if all.insert(next.as_path()) {
                left.push(next);
            }
        }
    }
    all
}

/// The circles, each as the files that reach one another.
fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<&Path>> {
    let reach: BTreeMap<_, _> =
        arrows.keys().map(|file| (file.as_path(), reached(arrows, file))).collect();
    let round = reach.iter().filter(|(file, reached)| reached.contains(*file));
    let together = round.map(|(file, reached)| {
        let back =
            |other: &&&Path| reach.get(**other).is_some_and(|reached| reached.contains(file));
        reached.iter().filter(back).copied().collect()
    });
    together.collect()
}

/// The arrows of all circles in a crate, as lines.
fn told(root: &Path, modules: &Modules) -> Vec<String> {
    let short = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    let arrows = arrows(modules);
    let mut lines = Vec::new();
    for circle in circles(&arrows) {
        lines.push(format!("{} files in a circle:", circle.len()));
        for (from, to) in arrows.iter().filter(|(from, _)| circle.contains(from.as_path())) {
            for (to, names) in to.iter().filter(|(to, _)| circle.contains(to.as_path())) {
                lines.push(format!("  {} -> {}: {names:?}", short(from), short(to)));
            }
        }
    }
    lines
}

#[test]
fn no_files_name_one_another_in_a_circle() {
    let root = &metadata().workspace_root;
    let targets = metadata().workspace_packages().flat_map(|package| &package.targets);
    let all: Vec<_> = targets.map(|target| Modules::of(&target.src_path)).collect();
    assert!(all.iter().map(|modules| modules.0.len()).sum::<usize>() > 1_000, "they were read");
    let told: Vec<_> = all.iter().flat_map(|modules| told(root, modules)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// The circles of a crate of these files, each by the names of its files.
fn circles_of(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("circles").join(name);
    let _ = fs::remove_dir_all(&folder);
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    }
    let modules = Modules::of(&folder.join("lib.rs"));
    let arrows = arrows(&modules);
    let short = |path: &&Path| path.strip_prefix(&folder).expect("below").display().to_string();
    let names = |circle: BTreeSet<&Path>| circle.iter().map(short).collect::<Vec<_>>().join(" ");
    circles(&arrows).into_iter().map(names).collect()
}

#[test]
fn circles_are_found_however_a_name_is_written() {
    let b = ("b.rs", "use crate::a::A; pub struct B(A);");
    for (case, a) in [
        ("imported", "use crate::b::B; pub struct A(Box<B>);"),
        (
            "in a group and renamed",
            "use super::{b::{self, B as C}}; pub fn f() -> Option<C> { None } pub struct A;",
        ),
        ("by its module", "use super::b; pub struct A; fn f(_: b::B) {}"),
        ("in line", "pub struct A; fn f() { let _ = crate::b::B(A); }"),
        ("passed on by the root", "pub struct A; fn f(_: crate::B) {}"),
        ("by a glob", "use super::*; pub struct A; fn f(_: B) {}"),
        ("in a macro", "pub struct A; fn f() { assert!(crate::b::B(A).is_sound()) }"),
        ("in a function", "pub struct A; fn f() { use crate::b::B; B(A); }"),
        ("of another module in here", "pub struct A; mod inner { use crate::b::B; fn f(_: B) {} }"),
        ("made by a macro", "pub struct A; fn f() { crate::b::made(); }"),
    ] {
        let files = [("lib.rs", "mod a; mod b; pub use b::B;"), ("a.rs", a), b];
        assert_eq!(circles_of(case, &files), ["a.rs b.rs"], "{case}");
    }
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub struct A(Box<super::b::B>);"),
        ("b.rs", "pub struct B(Box<super::c::inner::C>);"),
        ("c/mod.rs", "pub mod inner;"),
        ("c/inner.rs", "pub struct C(crate::a::A);"),
    ];
    assert_eq!(circles_of("of three", &files), ["a.rs b.rs c/inner.rs"]);
}

#[test]
fn a_head_and_what_it_holds_are_no_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use a::A; pub struct Pallet; fn f() { a::work(A, b::B); }"),
        (
            "a.rs",
            "pub struct A; use crate::Pallet; impl Pallet { fn a() {} } pub fn work(_: A, _: super::b::B) {}",
        ),
        ("b.rs", "pub struct B; impl super::Pallet { fn b() { Self::a() } }"),
    ];
    assert!(circles_of("head", &files).is_empty());
    let tested = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("b.rs", "pub struct B(crate::a::A);"),
    ];
    assert!(circles_of("unit tests", &tested).is_empty());
    let mut files = files;
    files[2].1 = "pub struct B; fn f(_: crate::A) {}";
    assert_eq!(circles_of("what it passes on", &files), ["a.rs b.rs"]);
}
