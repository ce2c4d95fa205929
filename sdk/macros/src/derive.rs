//! From a struct to its `Bind` and its export.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, Fields, LitStr, Result, Type};

/// One field of the struct.
struct Part {
    ident: Ident,
    ty: Type,
    /// What it is looked for as.
    name: String,
    default: Option<Expr>,
}

/// Code for a struct; a compile error in its place where it can't be derived.
pub fn expand(item: TokenStream, launch: &str) -> TokenStream {
    syn::parse2(item).and_then(|input| derive(&input, launch)).unwrap_or_else(|error| error.to_compile_error())
}

fn derive(input: &DeriveInput, launch: &str) -> Result<TokenStream> {
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new(parameter.span(), "a plugin is one type: take its generic parameters away"));
    }
    let parts = parts(input)?;
    let (plugin, launch) = (&input.ident, Ident::new(launch, Span::call_site()));
    let finds = parts.iter().map(find);
    let idents: Vec<&Ident> = parts.iter().map(|part| &part.ident).collect();
    let config_names =
        parts.iter().map(|Part { ty, name, .. }| quote!((<#ty as sdk::Field>::SOURCE, <#ty as sdk::Field>::key(#name))));
    let tag_names = parts.iter().map(|Part { ty, name, .. }| quote!((<#ty as sdk::Field>::SOURCE, #name)));
    let condition_names = tag_names.clone();
    let period = if parts.iter().any(|part| part.ident == "period" && is_duration(&part.ty)) {
        quote!(::std::option::Option::Some(made.period))
    } else {
        quote!(::std::option::Option::None)
    };
    Ok(quote! {
        const _: () = {
            use ::plantroom_sdk as sdk;
            use ::std::{option::Option, result::Result, string::String, vec::Vec};

            impl sdk::Bind for #plugin {
                fn bind(scope: &sdk::Scope<'_>) -> Result<sdk::Bound<Self>, sdk::Problems> {
                    let config = Vec::<(sdk::Source, String)>::from([#(#config_names),*]);
                    let config: Vec<String> =
                        config.into_iter().filter(|(source, _)| *source == sdk::Source::Config).map(|(_, key)| key).collect();
                    let tags = Vec::<(sdk::Source, &str)>::from([#(#tag_names),*]);
                    let tags: Vec<&str> =
                        tags.into_iter().filter(|(source, _)| *source == sdk::Source::Tag).map(|(_, name)| name).collect();
                    let conditions = Vec::<(sdk::Source, &str)>::from([#(#condition_names),*]);
                    let conditions: Vec<&str> = conditions
                        .into_iter()
                        .filter(|(source, _)| *source == sdk::Source::Condition)
                        .map(|(_, name)| name)
                        .collect();
                    let mut problems = scope.check_unknown(&config, &tags);
                    problems.extend(scope.check_conditions(&conditions));
                    #(#finds)*
                    let made = (move || {
                        #(let #idents = #idents?;)*
                        let made = Self { #(#idents),* };
                        Option::Some(sdk::Bound { period: #period, made })
                    })();
                    problems.result(made)
                }
            }
            impl sdk::Exported for #plugin {
                fn launch(setup: sdk::Setup) -> Result<(), sdk::Problems> {
                    sdk::#launch::<#plugin>(setup)
                }
            }
            sdk::export_component!(#plugin);
        };
    })
}

fn find(part: &Part) -> TokenStream {
    let Part { ident, ty, name, default } = part;
    let found = quote!(problems.keep(<#ty as ::plantroom_sdk::Field>::find(scope, #name)));
    match default {
        None => quote!(let #ident: ::std::option::Option<#ty> = #found;),
        Some(default) => quote! {
            let #ident: ::std::option::Option<#ty> = if <#ty as ::plantroom_sdk::Field>::is_given(scope, #name) {
                #found
            } else {
                ::std::option::Option::Some(#default)
            };
        },
    }
}

fn parts(input: &DeriveInput) -> Result<Vec<Part>> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "a plugin is a struct: its fields say what it needs"));
    };
    let fields = match &data.fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unit => return Ok(Vec::new()),
        Fields::Unnamed(fields) => return Err(Error::new(fields.span(), "give the fields names: they are bound by them")),
    };
    fields.iter().map(part).collect()
}

fn part(field: &syn::Field) -> Result<Part> {
    let Some(ident) = field.ident.clone() else {
        return Err(Error::new(field.span(), "give the field a name: it is bound by it"));
    };
    let mut part =
        Part { name: ident.to_string().trim_start_matches("r#").to_owned(), ty: field.ty.clone(), ident, default: None };
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("setup")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                part.name = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("default") {
                part.default = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("`setup` knows `name = \"...\"` and `default = ...`"));
            }
            Ok(())
        })?;
    }
    Ok(part)
}

fn is_duration(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Duration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_derived_says_why() {
        let says = |item: TokenStream, sentence: &str| {
            let code = expand(item, "launch_bound_driver").to_string();
            assert!(code.contains("compile_error") && code.contains(sentence), "{code}");
        };
        says(
            quote!(
                enum Meter {
                    A,
                }
            ),
            "a plugin is a struct",
        );
        says(
            quote!(
                struct Meter(u8);
            ),
            "give the fields names",
        );
        says(
            quote!(
                struct Meter<T> {
                    unit: T,
                }
            ),
            "generic parameters",
        );
        says(
            quote!(
                struct Meter {
                    #[setup(nam = "x")]
                    unit: u8,
                }
            ),
            "`setup` knows",
        );
    }

    #[test]
    fn a_period_field_sets_the_pace() {
        let code = |item| expand(item, "launch_bound_driver").to_string();
        assert!(
            code(quote!(
                struct Meter {
                    period: Duration,
                }
            ))
            .contains("Some (made . period)")
        );
        assert!(
            !code(quote!(
                struct Meter {
                    period: u32,
                }
            ))
            .contains("Some (made . period)")
        );
    }
}
