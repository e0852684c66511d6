//! How long files and functions get, and how many parameters a function takes.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, FnArg, ImplItemFn, ItemFn, ItemImpl, Signature, TraitItemFn};

use crate::files::{rust, written};
use crate::none;

const FILE: usize = 400;
const COMPONENT: usize = 200;
const FUNCTION: usize = 60;
const PARAMETERS: usize = 5;

#[test]
fn files_are_short() {
    let long = written(&["rs", "ts", "mjs", "svelte"]).into_iter().filter_map(|file| {
        let most = if file.has_ending(&["svelte"]) { COMPONENT } else { FILE };
        (file.lines() > most).then(|| format!("{} has {} lines of at most {most}", file.path, file.lines()))
    });
    none(long.collect(), "Split it by notion: what would the second file be called? Never `helpers`.");
}

#[test]
fn functions_are_short_and_ask_for_little() {
    let mut findings = vec![];
    for file in rust() {
        let parsed = syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path));
        let mut measure = Measure { path: &file.path, findings: vec![], for_a_trait: false };
        measure.visit_file(&parsed);
        findings.append(&mut measure.findings);
    }
    none(findings, "Give the steps of a long function names; make a struct of parameters that belong together.");
}

/// Looks at every function with a body.
struct Measure<'a> {
    path: &'a str,
    findings: Vec<String>,
    /// Inside `impl Trait for …`: what a function takes there is the trait's decision.
    for_a_trait: bool,
}

impl Measure<'_> {
    /// From the line of `fn` to that of the closing brace.
    fn look_at(&mut self, signature: &Signature, body: &Block) {
        let first = signature.fn_token.span().start().line;
        let lines = body.brace_token.span.close().end().line + 1 - first;
        let place = format!("{}:{first} {}", self.path, signature.ident);
        if lines > FUNCTION {
            self.findings.push(format!("{place} has {lines} lines of at most {FUNCTION}"));
        }
        let parameters = signature.inputs.iter().filter(|input| matches!(input, FnArg::Typed(_))).count();
        if parameters > PARAMETERS && !self.for_a_trait {
            self.findings.push(format!("{place} takes {parameters} parameters of at most {PARAMETERS}"));
        }
    }
}

impl<'ast> Visit<'ast> for Measure<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.look_at(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let outside = std::mem::replace(&mut self.for_a_trait, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.for_a_trait = outside;
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.look_at(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.look_at(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[test]
fn the_measure_sees_what_it_should() {
    let long = format!("trait T {{ fn f(&self, a: u8) {{\n{}}} }}", "// x\n".repeat(FUNCTION));
    let wide = "impl S { fn g(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {} }";
    let mut measure = Measure { path: "it.rs", findings: vec![], for_a_trait: false };
    for text in [long.as_str(), wide, "fn fine(a: u8) {}"] {
        measure.visit_file(&syn::parse_file(text).unwrap());
    }
    assert_eq!(measure.findings, ["it.rs:1 f has 62 lines of at most 60", "it.rs:1 g takes 6 parameters of at most 5"]);
}
