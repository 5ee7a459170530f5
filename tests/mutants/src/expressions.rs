//! What is changed in expressions.

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, BinOp, Expr, ExprBinary, ExprCall, ExprMethodCall, ExprRange, ImplItemFn, Item, ItemFn, Lit, Pat, RangeLimits,
    Token, UnOp,
};

use crate::Mutants;

/// Methods that answer yes or no.
const QUESTIONS: &[&str] = &[
    "all",
    "any",
    "contains",
    "contains_key",
    "ends_with",
    "eq",
    "eq_ignore_ascii_case",
    "is_empty",
    "is_everything",
    "is_finite",
    "is_healthy",
    "is_none",
    "is_none_or",
    "is_ok_and",
    "is_on_aws",
    "is_same_person",
    "is_some",
    "is_some_and",
    "is_zero",
    "lets",
    "may_be_skipped",
    "starts_with",
    "wants",
];

/// Methods with another one of the same type.
const EXCHANGED: &[(&str, &str)] =
    &[("max_by_key", "min_by_key"), ("max", "min"), ("min", "max"), ("any", "all"), ("all", "any")];

fn binary_of(op: &BinOp) -> Option<(BinOp, Option<bool>)> {
    // With a comparison, also the answer that a test at its bound does not tell from the right one.
    Some(match op {
        BinOp::Lt(_) => (syn::parse_quote!(<=), Some(false)),
        BinOp::Le(_) => (syn::parse_quote!(<), Some(true)),
        BinOp::Gt(_) => (syn::parse_quote!(>=), Some(false)),
        BinOp::Ge(_) => (syn::parse_quote!(>), Some(true)),
        BinOp::Eq(_) => (syn::parse_quote!(!=), None),
        BinOp::Ne(_) => (syn::parse_quote!(==), None),
        BinOp::And(_) => (syn::parse_quote!(||), None),
        BinOp::Or(_) => (syn::parse_quote!(&&), None),
        BinOp::Add(_) => (syn::parse_quote!(-), None),
        BinOp::Sub(_) => (syn::parse_quote!(+), None),
        BinOp::Mul(_) => (syn::parse_quote!(/), None),
        BinOp::Div(_) => (syn::parse_quote!(*), None),
        BinOp::AddAssign(_) => (syn::parse_quote!(-=), None),
        BinOp::BitOrAssign(_) => (syn::parse_quote!(&=), None),
        _ => return None,
    })
}

/// Text of an expression on one line, or only its beginning.
fn shown(expr: &Expr) -> String {
    let text = expr.span().source_text().unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text }
}

fn has_let(expr: &Expr) -> bool {
    expr.to_token_stream().to_string().contains("let ")
}

/// Whether it is of the tests: `#[test]`, `#[cfg(test)]`.
fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let path = attr.path();
        path.is_ident("test") || (path.is_ident("cfg") && attr.to_token_stream().to_string().contains("test"))
    })
}

/// What `matches!` is given.
struct Matches {
    value: Expr,
    pattern: Pat,
    guard: Option<Expr>,
}

impl Parse for Matches {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        let guard = if input.peek(Token![if]) {
            input.parse::<Token![if]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { value, pattern, guard })
    }
}

impl Mutants {
    /// The answer of an expression, and mutants that always answer yes or no.
    fn answered(&mut self, expr: &Expr, at: Span, text: &str) -> Expr {
        let yes = self.number(at, &format!("`{text}` -> true"));
        let no = self.number(at, &format!("`{text}` -> false"));
        syn::parse_quote!((((#expr) | crate::mutant::on(#yes)) & !crate::mutant::on(#no)))
    }

    fn binary(&mut self, binary: &ExprBinary, text: &str) -> Option<Expr> {
        let ExprBinary { left, op, right, .. } = binary;
        let adds_text = matches!(op, BinOp::Add(_)) && matches!(**right, Expr::Reference(_));
        let (other, flat) = binary_of(op).filter(|_| !adds_text)?;
        if matches!(op, BinOp::Eq(_) | BinOp::Ne(_)) {
            return Some(self.answered(&syn::parse_quote!(#binary), op.span(), text));
        }
        let number =
            self.number(op.span(), &format!("`{text}`: {} -> {}", op.to_token_stream(), other.to_token_stream()));
        if matches!(op, BinOp::And(_) | BinOp::Or(_)) {
            return Some(syn::parse_quote!(
                ({ let qd_left: bool = #left; if crate::mutant::on(#number) { qd_left #other #right } else { qd_left #op #right } })
            ));
        }
        let changed: Expr =
            syn::parse_quote!((if crate::mutant::on(#number) { #left #other #right } else { #left #op #right }));
        let Some(flat) = flat else { return Some(changed) };
        let number = self.number(op.span(), &format!("`{text}` -> {flat}"));
        Some(syn::parse_quote!((if crate::mutant::on(#number) { #flat } else { #changed })))
    }

    fn method(&mut self, call: &ExprMethodCall, text: &str) -> Option<Expr> {
        let ExprMethodCall { receiver, method, args, .. } = call;
        let (name, at) = (method.to_string(), method.span());
        if name == "covers" {
            let Expr::Field(scope) = receiver.as_ref() else { return None };
            let guard = &scope.base;
            return Some(syn::parse_quote!((#call && crate::action::guards::qd_covers(#guard, #args))));
        }
        let mut changed = Expr::MethodCall(call.clone());
        if let Some((_, other)) = EXCHANGED.iter().find(|(from, _)| *from == name) {
            let other = syn::Ident::new(other, at);
            let number = self.number(at, &format!("`{text}`: {name} -> {other}"));
            changed = syn::parse_quote!((if crate::mutant::on(#number) { #receiver.#other(#args) } else { #changed }));
        }
        if QUESTIONS.contains(&name.as_str()) {
            changed = self.answered(&changed, at, text);
        }
        Some(changed)
    }

    /// What a guard finds, as an Allow or a Deny.
    fn finding(&mut self, call: &ExprCall) -> Option<Expr> {
        let path = call.func.to_token_stream().to_string().replace(' ', "");
        let (what, instead) = match path.as_str() {
            "Finding::deny" | "Finding::ask" => ("allow", quote!(crate::mutant::allow)),
            "Finding::allow" => ("deny", quote!(crate::mutant::deny)),
            _ => return None,
        };
        let number = self.number(call.func.span(), &format!("{path} -> {what}"));
        Some(syn::parse_quote!(#instead(#number, #call)))
    }

    fn literal(&mut self, value: &Lit) -> Option<Expr> {
        let more: Expr = match value {
            Lit::Int(value) => {
                let more = format!("{}{}", value.base10_parse::<u64>().ok()? + 1, value.suffix());
                let more = syn::LitInt::new(&more, value.span());
                syn::parse_quote!(#more)
            }
            Lit::Float(value) => {
                let more = value.base10_parse::<f64>().ok()? + 1.0;
                syn::parse_quote!(#more)
            }
            _ => return None,
        };
        let told = value.to_token_stream();
        let number = self.number(value.span(), &format!("{told} -> {told} + 1"));
        Some(syn::parse_quote!((if crate::mutant::on(#number) { #more } else { #value })))
    }

    fn path(&mut self, path: &syn::ExprPath) -> Option<Expr> {
        if let Some(name) = path.path.get_ident() {
            return self.constant(&name.clone());
        }
        let text = path.to_token_stream().to_string().replace(' ', "");
        if text != "Decision::Deny" && text != "Decision::Ask" {
            return None;
        }
        let number = self.number(path.span(), &format!("{text} -> Allow"));
        Some(syn::parse_quote!((if crate::mutant::on(#number) { Decision::Allow } else { #path })))
    }

    /// A closed range, one shorter at either end; those of the guards are of counts.
    fn range(&mut self, range: &ExprRange, text: &str) -> Option<Expr> {
        let ExprRange { start: Some(start), limits: RangeLimits::Closed(closed), end: Some(end), .. } = range else {
            return None;
        };
        let first = self.number(closed.span(), &format!("`{text}`: begins later"));
        let last = self.number(closed.span(), &format!("`{text}`: ends earlier"));
        let first = quote!(#start + u32::from(crate::mutant::on(#first)));
        Some(syn::parse_quote!(#first ..= #end - u32::from(crate::mutant::on(#last))))
    }

    /// `matches!` as a match, which always or never matches.
    fn matches(&mut self, of: &Matches, at: Span, text: &str) -> Expr {
        let Matches { value, pattern, guard } = of;
        let guard = guard.as_ref().map(|guard| quote!(if #guard));
        self.answered(&syn::parse_quote!(match #value { #pattern #guard => true, _ => false }), at, text)
    }

    /// Each arm of a match may be left out; where no other takes what it took, that is a panic.
    fn arms(&mut self, of: &mut syn::ExprMatch) {
        for arm in &mut of.arms {
            let at = arm.pat.span();
            let number = self.number(at, &format!("`{}` is left out", pattern(&arm.pat)));
            let on: Expr = syn::parse_quote!(!crate::mutant::on(#number));
            arm.guard = Some(match arm.guard.take() {
                Some((token, guard)) => (token, syn::parse_quote!(#on && #guard)),
                None => (Token![if](at), Box::new(on)),
            });
        }
        of.arms.push(syn::parse_quote!(_ => panic!("nothing takes this"),));
    }

    fn changed(&mut self, expr: &Expr, text: &str) -> Option<Expr> {
        match expr {
            Expr::Binary(binary) if !has_let(expr) => self.binary(binary, text),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
                let number = self.number(unary.op.span(), &format!("`{text}`: ! is left out"));
                Some(syn::parse_quote!((#expr ^ crate::mutant::on(#number))))
            }
            Expr::MethodCall(call) => self.method(call, text),
            Expr::Lit(literal) => self.literal(&literal.lit),
            Expr::Call(call) => self.finding(call),
            Expr::Path(path) => self.path(path),
            Expr::Range(range) => self.range(range, text),
            Expr::Field(field) if field.member.to_token_stream().to_string() == "each_call" => {
                let guard = &field.base;
                Some(syn::parse_quote!(crate::action::guards::qd_each(#guard)))
            }
            _ => None,
        }
    }

    /// A condition that is no more than a name.
    fn condition(&mut self, condition: &mut Expr) {
        if matches!(condition, Expr::Path(_) | Expr::Field(_)) {
            let text = shown(condition);
            *condition = self.answered(&condition.clone(), condition.span(), &text);
        }
    }
}

fn pattern(pattern: &Pat) -> String {
    let text = pattern.span().source_text().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl VisitMut for Mutants {
    fn visit_item_mut(&mut self, item: &mut Item) {
        match item {
            Item::Const(_) | Item::Static(_) => {}
            Item::Mod(module) if is_test(&module.attrs) => {}
            other => visit_mut::visit_item_mut(self, other),
        }
    }

    fn visit_item_fn_mut(&mut self, function: &mut ItemFn) {
        if function.sig.constness.is_none() && !is_test(&function.attrs) {
            self.function = function.sig.ident.to_string();
            visit_mut::visit_item_fn_mut(self, function);
        }
    }

    fn visit_impl_item_fn_mut(&mut self, function: &mut ImplItemFn) {
        if function.sig.constness.is_none() {
            self.function = function.sig.ident.to_string();
            visit_mut::visit_impl_item_fn_mut(self, function);
        }
    }

    /// Patterns take no expressions that are reckoned.
    fn visit_pat_mut(&mut self, _pattern: &mut Pat) {}

    fn visit_type_mut(&mut self, _type: &mut syn::Type) {}

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        visit_mut::visit_arm_mut(self, arm);
        if let Some((_, guard)) = &mut arm.guard {
            self.condition(guard);
        }
    }

    fn visit_expr_if_mut(&mut self, of: &mut syn::ExprIf) {
        visit_mut::visit_expr_if_mut(self, of);
        self.condition(&mut of.cond);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if matches!(expr, Expr::Const(_)) {
            return;
        }
        let text = shown(expr);
        if let Expr::Macro(of) = expr
            && of.mac.path.is_ident("matches")
            && let Ok(mut matches) = of.mac.parse_body::<Matches>()
        {
            self.visit_expr_mut(&mut matches.value);
            if let Some(guard) = &mut matches.guard {
                self.visit_expr_mut(guard);
            }
            *expr = self.matches(&matches, of.mac.path.span(), &text);
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
        match expr {
            Expr::Match(of) => self.arms(of),
            _ => {
                if let Some(changed) = self.changed(expr, &text) {
                    *expr = changed;
                }
            }
        }
    }
}
