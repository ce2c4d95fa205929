//! Rust sources, read as the compiler reads them.

use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use walkdir::WalkDir;

/// Longest file, in lines.
pub const FILE_LINES: usize = 500;
/// Longest function, in lines, from its `fn` to its closing brace.
pub const FUNCTION_LINES: usize = 70;

/// One source file.
pub struct Source {
    /// Path from the workspace's folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
    syntax: syn::File,
}

impl Source {
    /// Every Rust source of the workspace that is ours.
    ///
    /// # Panics
    /// When a file can't be read or isn't Rust.
    pub fn all() -> Vec<Self> {
        let root = crate::root();
        let mut sources = Vec::new();
        for top in ["runtime", "sdk", "plugins", "tests"] {
            for entry in WalkDir::new(root.join(top)).into_iter().filter_entry(|entry| entry.file_name() != "target") {
                let entry = entry.expect("the workspace must be readable");
                if entry.path().extension().is_some_and(|extension| extension == "rs") {
                    sources.push(Self::read(&root, entry.path()));
                }
            }
        }
        assert!(sources.len() > 50, "only {} sources were found", sources.len());
        sources
    }

    fn read(root: &Path, path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a source must be readable");
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{} is not Rust: {error}", path.display()));
        let path = path.strip_prefix(root).expect("found below the root").to_string_lossy().replace('\\', "/");
        Self { path, text, syntax }
    }

    /// Whether this file is only there for tests, examples or measuring.
    pub fn is_for_tests(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("tests.rs")
            || self.path.contains("/examples/")
    }

    /// Functions over [`FUNCTION_LINES`]: name and length.
    pub fn long_functions(&self) -> Vec<(String, usize)> {
        let mut lengths = Lengths::default();
        lengths.visit_file(&self.syntax);
        lengths.found.retain(|(_, lines)| *lines > FUNCTION_LINES);
        lengths.found
    }

    /// Every name that this file gives to something: modules, types, functions, fields, constants.
    pub fn names(&self) -> Vec<String> {
        let mut names = Names::default();
        names.visit_file(&self.syntax);
        names.found
    }

    /// Every path written as `A::b` and every lone identifier outside of test modules, in order.
    pub fn tokens(&self) -> Vec<String> {
        let mut kept = self.syntax.clone();
        kept.items.retain(|item| !is_test_module(item));
        let mut tokens = Vec::new();
        flatten(quote_file(&kept), &mut tokens);
        tokens
    }
}

fn quote_file(file: &syn::File) -> TokenStream {
    use quote::ToTokens as _;
    file.to_token_stream()
}

fn is_test_module(item: &syn::Item) -> bool {
    let syn::Item::Mod(module) = item else { return false };
    module.attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.meta.span().source_text().is_some_and(|text| text.contains("test"))
    })
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    for token in stream {
        match token {
            TokenTree::Group(group) => flatten(group.stream(), tokens),
            TokenTree::Literal(_) => {}
            other => tokens.push(other.to_string()),
        }
    }
}

#[derive(Default)]
struct Lengths {
    found: Vec<(String, usize)>,
}

impl Lengths {
    fn note(&mut self, name: &syn::Ident, from: proc_macro2::Span, to: proc_macro2::Span) {
        self.found.push((name.to_string(), to.end().line + 1 - from.start().line));
    }
}

impl<'ast> Visit<'ast> for Lengths {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note(&item.sig.ident, item.sig.span(), item.block.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.sig.ident, item.sig.span(), item.block.span());
        visit::visit_impl_item_fn(self, item);
    }
}

#[derive(Default)]
struct Names {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.found.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
    }
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.found.push(item.ident.to_string());
        visit::visit_item_struct(self, item);
    }
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.found.push(item.ident.to_string());
        visit::visit_item_enum(self, item);
    }
    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.found.push(item.ident.to_string());
        visit::visit_item_trait(self, item);
    }
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.found.push(item.ident.to_string());
    }
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.found.push(signature.ident.to_string());
    }
    fn visit_field(&mut self, field: &'ast syn::Field) {
        self.found.extend(field.ident.as_ref().map(ToString::to_string));
    }
}
