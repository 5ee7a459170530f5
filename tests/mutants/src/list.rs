//! The list of guards: each one left out, judged at another time, or not of one of its families of calls.

use std::collections::HashMap;

use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Expr, Item};

use crate::{Failure, Mutants};

const LIST: &str = "GUARDS";

/// Mutates the list, if the file has it; what it is asked by stands in `expressions`.
pub(crate) fn mutate(mutants: &mut Mutants, file: &mut syn::File) -> Result<(), Failure> {
    let families = families(file);
    let list = file.items.iter_mut().find_map(|item| match item {
        Item::Const(constant) if constant.ident == LIST => Some(constant),
        _ => None,
    });
    let Some(list) = list else { return Ok(()) };
    mutants.function = LIST.to_owned();
    let Expr::Reference(reference) = list.expr.as_mut() else { return Err("GUARDS is no reference".into()) };
    let Expr::Array(array) = reference.expr.as_mut() else { return Err("GUARDS is no array".into()) };
    let (mut times, mut left_out) = (Vec::new(), Vec::new());
    for guard in &mut array.elems {
        let Expr::Call(call) = guard else { return Err("a guard is no call".into()) };
        let [name, _, scope, judge] = call.args.iter_mut().collect::<Vec<_>>().try_into().map_err(|_| "arguments")?;
        let time = call.func.to_token_stream().to_string();
        let number = mutants.number(name.span(), &format!("{time} -> the other"));
        times.push(quote!(if guard.name == #name { return guard.each_call ^ crate::mutant::on(#number); }));
        for family in of_scope(&scope.to_token_stream().to_string(), &families) {
            let number = mutants.number(scope.span(), &format!("without {family}"));
            let family = syn::Ident::new(&family, scope.span());
            left_out.push(
                quote!(if guard.name == #name && crate::mutant::on(#number) { return of_others(Family::#family); }),
            );
        }
        let number = mutants.number(judge.span(), "the guard is left out");
        *judge = syn::parse_quote!(|plan, context| {
            if crate::mutant::on(#number) { Finding::allow("mutant") } else { #judge(plan, context) }
        });
    }
    let asked = quote! {
        /// Whether a guard judges before each call.
        pub(super) fn qd_each(guard: &Guard) -> bool {
            #(#times)*
            guard.each_call
        }

        /// Whether it covers a plan that it does cover by another family than the one that is left out.
        pub(super) fn qd_covers(guard: &Guard, plan: &Plan) -> bool {
            let of_others = |family: Family| match guard.scope {
                Every => true,
                Of(of) => plan.calls().any(|call| of.contains(&call.family()) && call.family() != family),
            };
            #(#left_out)*
            true
        }
    };
    let asked: syn::File = syn::parse2(asked)?;
    file.items.extend(asked.items);
    Ok(())
}

/// The names in each constant.
fn families(file: &syn::File) -> HashMap<String, Vec<String>> {
    let of = |item: &Item| match item {
        Item::Const(constant) => {
            let text = constant.expr.to_token_stream().to_string();
            let names = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            Some((constant.ident.to_string(), names.map(str::to_owned).collect()))
        }
        _ => None,
    };
    file.items.iter().filter_map(of).collect()
}

/// The families of a scope: those that it names, and those of the constants that it names.
fn of_scope(scope: &str, constants: &HashMap<String, Vec<String>>) -> Vec<String> {
    let names = scope.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let mut found: Vec<String> = Vec::new();
    for name in names {
        let Some(inner) = constants.get(name) else { continue };
        for pair in inner.iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().windows(2) {
            if pair[0] == "Family" {
                found.push(pair[1].clone());
            }
        }
        for name in inner.iter().filter(|name| constants.contains_key(*name)) {
            found.extend(of_scope(name, constants));
        }
    }
    found
}
