//! The public names of a source file: types, fields, variants, methods, functions.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::{Fields, ImplItem, Item, TraitItem, Visibility};

/// All sources below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The names in a text.
pub(crate) fn names_in(text: &str) -> BTreeSet<String> {
    let file = syn::parse_file(text).expect("source that compiles");
    let mut names = BTreeSet::new();
    walk(&file.items, &mut names);
    names
}

fn walk(items: &[Item], names: &mut BTreeSet<String>) {
    for item in items {
        match item {
            Item::Struct(item) if public(&item.vis) && !hidden(&item.attrs) => {
                let of = item.ident.to_string();
                fields(&of, &item.fields, names);
                names.insert(of);
            }
            Item::Enum(item) if public(&item.vis) && !hidden(&item.attrs) => {
                let of = item.ident.to_string();
                for variant in &item.variants {
                    names.insert(format!("{of}::{}", variant.ident));
                }
                names.insert(of);
            }
            Item::Trait(item) if public(&item.vis) => {
                let of = item.ident.to_string();
                for item in &item.items {
                    if let TraitItem::Fn(method) = item {
                        names.insert(format!("{of}::{}", method.sig.ident));
                    }
                }
                names.insert(of);
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let syn::Type::Path(of) = &*item.self_ty else {
                    continue;
                };
                let of = &of.path.segments.last().expect("a type has a name").ident;
                for item in &item.items {
                    match item {
                        ImplItem::Fn(method) if public(&method.vis) && !hidden(&method.attrs) => {
                            names.insert(format!("{of}::{}", method.sig.ident));
                        }
                        ImplItem::Const(item) if public(&item.vis) => {
                            names.insert(format!("{of}::{}", item.ident));
                        }
                        _ => {}
                    }
                }
            }
            Item::Fn(item) if public(&item.vis) => {
                names.insert(item.sig.ident.to_string());
            }
            Item::Const(item) if public(&item.vis) => {
                names.insert(item.ident.to_string());
            }
            // Some macros hold an item as it would stand without them.
            Item::Macro(item) => {
                if let Ok(item) = item.mac.parse_body::<Item>() {
                    walk(&[item], names);
                }
            }
            _ => {}
        }
    }
}

fn fields(of: &str, fields: &Fields, names: &mut BTreeSet<String>) {
    for field in fields {
        if let Some(ident) = &field.ident
            && public(&field.vis)
        {
            names.insert(format!("{of}::{ident}"));
        }
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn hidden(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let doc = attribute.path().is_ident("doc");
        doc && attribute
            .parse_args::<syn::Ident>()
            .is_ok_and(|word| word == "hidden")
    })
}
