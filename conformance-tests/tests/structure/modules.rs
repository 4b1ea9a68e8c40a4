//! The modules of one crate, and which file imports from which.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Meta, UseTree, Visibility};

/// A file uses something of another.
pub(crate) struct Import {
    pub(crate) from: String,
    pub(crate) to: String,
    /// As it is written.
    pub(crate) path: String,
}

#[derive(Default)]
struct Module {
    file: String,
    parent: usize,
    children: BTreeMap<String, usize>,
    /// Names that `use` brings in, with what they stand for.
    names: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    /// The names that it defines.
    items: BTreeSet<String>,
    uses: Vec<Use>,
}

struct Use {
    path: Vec<String>,
    reexport: bool,
}

/// A crate without its test modules.
pub(crate) struct Crate {
    modules: Vec<Module>,
}

/// The target of a path: a module, or something that the module defines.
#[derive(Clone, Copy)]
enum Found {
    Module(usize),
    Item(usize),
}

impl Crate {
    /// Reads the crate whose root is this file.
    pub(crate) fn read(base: &Path, file: &str) -> Self {
        Self::load(file, &|path| std::fs::read_to_string(base.join(path)).ok())
    }

    fn load(file: &str, read: &dyn Fn(&Path) -> Option<String>) -> Self {
        let mut loaded = Self { modules: Vec::new() };
        let text = read(Path::new(file)).unwrap_or_else(|| panic!("{file} cannot be read"));
        let folder = Path::new(file).parent().unwrap().to_owned();
        loaded.add(0, file, &text, &folder, read);
        loaded
    }

    /// Adds the module of a file. The files of its children are in `folder`.
    fn add(
        &mut self,
        parent: usize,
        file: &str,
        text: &str,
        folder: &Path,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> usize {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.fill(parent, file, parsed.items, folder, read)
    }

    fn fill(
        &mut self,
        parent: usize,
        file: &str,
        items: Vec<Item>,
        folder: &Path,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> usize {
        let this = self.modules.len();
        self.modules.push(Module { file: file.to_owned(), parent, ..Module::default() });
        for item in items.into_iter().filter(|item| !attributes(item).iter().any(is_for_tests)) {
            match item {
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let child = self.child(this, file, module, folder, read);
                    self.modules[this].children.insert(name, child);
                }
                Item::Use(import) => self.modules[this].import(&import),
                other => {
                    self.modules[this].items.extend(name_of(&other));
                    Paths(&mut self.modules[this].uses).visit_item(&other);
                }
            }
        }
        this
    }

    fn child(
        &mut self,
        this: usize,
        file: &str,
        module: ItemMod,
        folder: &Path,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> usize {
        let name = module.ident.to_string();
        let inner = folder.join(&name);
        if let Some((_, items)) = module.content {
            return self.fill(this, file, items, &inner, read);
        }
        let candidates: Vec<(PathBuf, PathBuf)> = match path_attribute(&module.attrs) {
            Some(path) => {
                let path = Path::new(file).parent().unwrap().join(path);
                vec![(path.clone(), path.parent().unwrap().to_owned())]
            }
            None => vec![(folder.join(format!("{name}.rs")), inner.clone()), (inner.join("mod.rs"), inner)],
        };
        for (path, children) in candidates {
            if let Some(text) = read(&path) {
                return self.add(this, &path.to_string_lossy(), &text, &children, read);
            }
        }
        panic!("{file}: the file of module `{name}` is not there")
    }

    /// Follows a path as it is written in a module. `None` if it leads out of the crate.
    fn resolve(&self, module: usize, path: &[String], depth: usize) -> Option<Found> {
        if depth > 16 {
            return None;
        }
        let mut at = module;
        let mut rest = path;
        let mut begun = false;
        while let [first, more @ ..] = rest {
            match first.as_str() {
                "crate" => at = 0,
                "self" => {}
                "super" => at = self.modules[at].parent,
                _ => break,
            }
            begun = true;
            rest = more;
        }
        while let [name, more @ ..] = rest {
            match self.look_up(at, name, depth) {
                Some(Found::Module(next)) => at = next,
                Some(Found::Item(home)) => return Some(Found::Item(home)),
                None if begun => return Some(Found::Item(at)),
                None => return None,
            }
            begun = true;
            rest = more;
        }
        Some(Found::Module(at))
    }

    fn look_up(&self, module: usize, name: &str, depth: usize) -> Option<Found> {
        let this = &self.modules[module];
        if let Some(child) = this.children.get(name) {
            return Some(Found::Module(*child));
        }
        if this.items.contains(name) {
            return Some(Found::Item(module));
        }
        if let Some(path) = this.names.get(name) {
            return self.resolve(module, path, depth + 1);
        }
        this.globs.iter().find_map(|glob| match self.resolve(module, glob, depth + 1)? {
            Found::Module(other) if other != module => self.look_up(other, name, depth + 1),
            _ => None,
        })
    }

    fn is_below(&self, mut module: usize, ancestor: usize) -> bool {
        while module != ancestor && module != 0 {
            module = self.modules[module].parent;
        }
        module == ancestor
    }

    /// The imports from one file to another. A module that passes on what its own children define imports nothing by that.
    pub(crate) fn imports(&self) -> impl Iterator<Item = Import> {
        let all =
            self.modules.iter().enumerate().flat_map(|(this, module)| module.uses.iter().map(move |used| (this, used)));
        all.filter_map(|(this, used)| {
            let (Found::Module(target) | Found::Item(target)) = self.resolve(this, &used.path, 0)?;
            let passed_on = used.reexport && self.is_below(target, this);
            let (from, to) = (&self.modules[this].file, &self.modules[target].file);
            (from != to && !passed_on).then(|| Import {
                from: from.clone(),
                to: to.clone(),
                path: used.path.join("::"),
            })
        })
    }

    /// The circles, each with its files and the imports between them.
    pub(crate) fn circles(&self) -> Vec<String> {
        let mut edges: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for import in self.imports() {
            edges.entry(import.from).or_default().entry(import.to).or_insert(import.path);
        }
        let reach: BTreeMap<&String, BTreeSet<&String>> =
            edges.keys().map(|file| (file, reachable(&edges, file))).collect();
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for file in edges.keys() {
            let same = |other: &&String| {
                reach[file].contains(*other) && reach.get(*other).is_some_and(|back| back.contains(file))
            };
            let members: BTreeSet<&String> = edges.keys().filter(same).collect();
            if members.is_empty() || !seen.insert(members.clone()) {
                continue;
            }
            let mut text = format!("{} files:", members.len());
            for (from, targets) in edges.iter().filter(|(from, _)| members.contains(from)) {
                for (to, path) in targets.iter().filter(|(to, _)| members.contains(to)) {
                    write!(text, "\n    {from} -> {to} ({path})").unwrap();
                }
            }
            circles.push(text);
        }
        circles
    }
}

fn reachable<'e>(edges: &'e BTreeMap<String, BTreeMap<String, String>>, from: &str) -> BTreeSet<&'e String> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&str> = vec![from];
    while let Some(file) = waiting.pop() {
        for next in edges.get(file).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(next) {
                waiting.push(next);
            }
        }
    }
    found
}

impl Module {
    fn import(&mut self, import: &ItemUse) {
        let reexport = !matches!(import.vis, Visibility::Inherited);
        if import.leading_colon.is_none() {
            self.tree(&import.tree, &mut Vec::new(), reexport);
        }
    }

    fn tree(&mut self, tree: &UseTree, path: &mut Vec<String>, reexport: bool) {
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.tree(&part.tree, path, reexport);
                path.pop();
            }
            UseTree::Name(name) => self.named(&name.ident.to_string(), &name.ident.to_string(), path, reexport),
            UseTree::Rename(name) => self.named(&name.ident.to_string(), &name.rename.to_string(), path, reexport),
            UseTree::Glob(_) => {
                self.globs.push(path.clone());
                self.uses.push(Use { path: path.clone(), reexport });
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, path, reexport)),
        }
    }

    fn named(&mut self, name: &str, known_as: &str, path: &[String], reexport: bool) {
        let mut path = path.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        let known_as = if known_as == "self" { path.last().cloned().unwrap_or_default() } else { known_as.to_owned() };
        // `use x::y` in a module without a child `x` leads out of the crate, or to something that it imports itself.
        if path.first().is_some_and(|first| *first != known_as || path.len() > 1) {
            self.names.insert(known_as, path.clone());
        }
        self.uses.push(Use { path, reexport });
    }
}

/// Collects the paths in code, also those in the arguments of macros.
struct Paths<'u>(&'u mut Vec<Use>);

impl Paths<'_> {
    fn add(&mut self, path: Vec<String>) {
        if path.len() > 1 {
            self.0.push(Use { path, reexport: false });
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) if path.is_empty() || colons == 2 => {
                    path.push(word.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.add(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Ident(word) => path.push(word.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.add(path);
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.add(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.tokens(call.tokens.clone());
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        // In the body of a function.
        let mut module = Module::default();
        module.import(import);
        self.0.append(&mut module.uses);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]`, alone or with more.
fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let tokens = list.tokens.to_string();
    list.path.is_ident("cfg")
        && tokens.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test")
        && !tokens.contains("not")
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let read =
            |path: &Path| files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_owned());
        Crate::load("lib.rs", &read).circles()
    }

    #[test]
    fn circle_through_three_files_is_found() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; mod c; pub use c::C;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "use super::C; pub struct B(C);"),
            ("c.rs", "pub struct C; fn f() { println!(\"{:?}\", crate::a::A) }"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("3 files:") && found[0].contains("b.rs -> c.rs (super::C)"), "{found:?}");
    }

    #[test]
    fn facade_over_children_is_no_circle() {
        let found = circles(&[
            ("lib.rs", "mod a; pub use a::*; pub use a::b::B;"),
            ("a.rs", "mod b; pub(crate) use b::B; pub struct A;"),
            ("a/b.rs", "use super::A; pub struct B(A);"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn parent_that_uses_its_child_makes_a_circle() {
        let found = circles(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; pub struct A; fn f() { b::g() }"),
            ("a/b.rs", "pub fn g() { let _ = super::A; }"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn tests_and_other_crates_do_not_count() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b;"),
            (
                "a.rs",
                "use serde::b; pub struct A; #[cfg(test)] mod tests { use crate::b::B; } #[cfg(test)] use crate::b;",
            ),
            ("b/mod.rs", "use crate::a::A; pub struct B(A);"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
