//! Rewrites Rust files so that each holds all its mutants, of which `QD_MUTANT=N` switches one on. One build serves for all.
//! Usage: quarterdeck-mutants FILE… ; prints a line a mutant: number, place, what is changed.

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::visit_mut::{VisitMut, visit_expr_mut};
use syn::{BinOp, Expr, ExprBinary, ImplItemFn, Item, ItemFn, Lit, UnOp};

/// Methods that answer yes or no.
const QUESTIONS: &[&str] = &[
    "all",
    "any",
    "contains",
    "contains_key",
    "ends_with",
    "eq",
    "is_empty",
    "is_everything",
    "is_healthy",
    "is_none",
    "is_none_or",
    "is_ok_and",
    "is_same_person",
    "is_some",
    "is_some_and",
    "may_be_skipped",
    "starts_with",
];

struct Mutants {
    file: String,
    next: u32,
}

impl Mutants {
    fn number(&mut self, at: Span, what: &str) -> u32 {
        self.next += 1;
        println!("{}\t{}:{}\t{what}", self.next, self.file, at.start().line);
        self.next
    }

    fn binary(&mut self, binary: &ExprBinary) -> Option<Expr> {
        let ExprBinary { left, op, right, .. } = binary;
        let other: BinOp = match op {
            BinOp::Lt(_) => syn::parse_quote!(<=),
            BinOp::Le(_) => syn::parse_quote!(<),
            BinOp::Gt(_) => syn::parse_quote!(>=),
            BinOp::Ge(_) => syn::parse_quote!(>),
            BinOp::Eq(_) => syn::parse_quote!(!=),
            BinOp::Ne(_) => syn::parse_quote!(==),
            BinOp::And(_) => syn::parse_quote!(||),
            BinOp::Or(_) => syn::parse_quote!(&&),
            _ => return None,
        };
        let number = self.number(op.span(), &format!("{} -> {}", op.to_token_stream(), other.to_token_stream()));
        Some(match op {
            BinOp::And(_) | BinOp::Or(_) => syn::parse_quote!(
                ({ let qd_left: bool = #left; if crate::mutant::on(#number) { qd_left #other #right } else { qd_left #op #right } })
            ),
            _ => syn::parse_quote!((if crate::mutant::on(#number) { #left #other #right } else { #left #op #right })),
        })
    }

    fn changed(&mut self, expr: &Expr) -> Option<Expr> {
        match expr {
            Expr::Binary(binary) if !has_let(expr) => self.binary(binary),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
                let number = self.number(unary.span(), "! is left out");
                Some(syn::parse_quote!((#expr ^ crate::mutant::on(#number))))
            }
            Expr::MethodCall(call) if QUESTIONS.contains(&call.method.to_string().as_str()) => {
                let number = self.number(call.method.span(), &format!("{} -> not", call.method));
                Some(syn::parse_quote!((#expr ^ crate::mutant::on(#number))))
            }
            Expr::Lit(literal) => {
                let Lit::Int(value) = &literal.lit else { return None };
                let (number, more) = (value.base10_parse::<u64>().ok()? + 1, value.suffix().to_owned());
                let more = syn::LitInt::new(&format!("{number}{more}"), value.span());
                let number = self.number(value.span(), &format!("{value} -> {more}"));
                Some(syn::parse_quote!((if crate::mutant::on(#number) { #more } else { #value })))
            }
            Expr::Call(call) => {
                let path = call.func.to_token_stream().to_string().replace(' ', "");
                let softer = path == "Finding::deny" || path == "Finding::ask";
                softer.then(|| {
                    let number = self.number(call.span(), &format!("{path} -> allow"));
                    syn::parse_quote!(crate::mutant::allow(#number, #expr))
                })
            }
            _ => None,
        }
    }
}

fn has_let(expr: &Expr) -> bool {
    expr.to_token_stream().to_string().contains("let ")
}

fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| attr.to_token_stream().to_string().contains("test"))
}

impl VisitMut for Mutants {
    fn visit_item_mut(&mut self, item: &mut Item) {
        match item {
            Item::Const(_) | Item::Static(_) => {}
            Item::Mod(module) if is_test(&module.attrs) => {}
            other => syn::visit_mut::visit_item_mut(self, other),
        }
    }

    fn visit_item_fn_mut(&mut self, function: &mut ItemFn) {
        if function.sig.constness.is_none() && !is_test(&function.attrs) {
            syn::visit_mut::visit_item_fn_mut(self, function);
        }
    }

    fn visit_impl_item_fn_mut(&mut self, function: &mut ImplItemFn) {
        if function.sig.constness.is_none() {
            syn::visit_mut::visit_impl_item_fn_mut(self, function);
        }
    }

    /// Patterns take no expressions that are reckoned.
    fn visit_pat_mut(&mut self, _pattern: &mut syn::Pat) {}

    fn visit_type_mut(&mut self, _type: &mut syn::Type) {}

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let mutated = if matches!(expr, Expr::Const(_)) { return } else { &mut *expr };
        visit_expr_mut(self, mutated);
        if let Some(changed) = self.changed(expr) {
            *expr = changed;
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut mutants = Mutants { file: String::new(), next: 0 };
    for path in std::env::args().skip(1) {
        let mut file = syn::parse_file(&std::fs::read_to_string(&path)?)?;
        mutants.file = path.clone();
        mutants.visit_file_mut(&mut file);
        std::fs::write(&path, quote!(#file).to_string())?;
    }
    Ok(())
}
