//! Constants can't look which mutant is on; so they are mutated where they are used.

use std::collections::HashMap;

use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote};
use syn::{Expr, Item, Lit, Type};

use crate::Mutants;

/// What one constant is.
#[derive(Clone)]
enum Kind {
    /// A whole number.
    Whole,
    /// A length of time, by its type.
    Time(Type),
    /// Words.
    Words(Vec<String>),
}

/// The constants of a file that are mutated, by name.
#[derive(Default)]
pub(crate) struct Constants(HashMap<String, Kind>);

impl Constants {
    pub(crate) fn of(file: &syn::File) -> Self {
        let constants = file.items.iter().filter_map(|item| match item {
            Item::Const(constant) => Some((constant.ident.to_string(), kind(constant)?)),
            _ => None,
        });
        Self(constants.collect())
    }
}

fn kind(constant: &syn::ItemConst) -> Option<Kind> {
    let text = constant.ty.to_token_stream().to_string().replace(' ', "");
    match text.as_str() {
        "usize" | "u32" | "u64" | "i64" => Some(Kind::Whole),
        "SignedDuration" | "Duration" => Some(Kind::Time((*constant.ty).clone())),
        "&[&str]" => Some(Kind::Words(words(&constant.expr))),
        _ => None,
    }
}

fn words(expr: &Expr) -> Vec<String> {
    let Expr::Reference(reference) = expr else { return Vec::new() };
    let Expr::Array(array) = reference.expr.as_ref() else { return Vec::new() };
    let word = |one: &Expr| match one {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    array.elems.iter().filter_map(word).collect()
}

impl Mutants {
    /// A constant where it is used: one more, a second longer, or without one of its words.
    pub(crate) fn constant(&mut self, name: &Ident) -> Option<Expr> {
        let at: Span = name.span();
        match self.constants.0.get(&name.to_string())?.clone() {
            Kind::Whole => {
                let number = self.number(at, &format!("{name} -> {name} + 1"));
                Some(syn::parse_quote!((if crate::mutant::on(#number) { #name + 1 } else { #name })))
            }
            Kind::Time(kind) => {
                let number = self.number(at, &format!("{name} -> a second longer"));
                let longer = quote!(#name + <#kind>::from_secs(1));
                Some(syn::parse_quote!((if crate::mutant::on(#number) { #longer } else { #name })))
            }
            Kind::Words(words) => {
                let numbers: Vec<u32> =
                    words.iter().map(|word| self.number(at, &format!("{name} -> without {word}"))).collect();
                let first = numbers.first()?;
                Some(syn::parse_quote!(crate::mutant::without(#name, #first)))
            }
        }
    }
}
