//! Plugins that do harm, made at test time from WebAssembly text, so that no compiler for guests is needed.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A plugin, as far as it differs from one that does nothing. The texts are bodies of WebAssembly functions.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// Which kind.
    pub kind: Kind,
    /// What `configure` does; returns the address of its answer. Address 0 says yes.
    pub configure: &'a str,
    /// What `decode`, `minimize` or `evaluate` does; returns the address of its answer.
    pub run: &'a str,
    /// Further items of the module, such as `(start $f)`.
    pub more: &'a str,
    /// Its memory at the start, in pages of 64 KiB.
    pub pages: u32,
}

/// The three kinds of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Frame to readings.
    Adapter,
    /// Readings to readings.
    Minimizer,
    /// Tightens grants.
    Policy,
}

impl Kind {
    /// As manifests and worlds name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adapter => "adapter",
            Self::Minimizer => "minimizer",
            Self::Policy => "policy",
        }
    }

    /// Its one function beside `configure`, with the parameters that the component model flattens to.
    fn run(self) -> (&'static str, &'static str) {
        match self {
            Self::Adapter => ("decode", "i32 i32 i32 i32 i32 i64 i32 i32"),
            Self::Minimizer => ("minimize", "i32 i32 i32 i64 i32 i32"),
            Self::Policy => ("evaluate", "i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32"),
        }
    }
}

/// What all guests share.
///
/// Address 0 holds zeros: as an answer of `configure`, `Ok`. `$field` adds a field to the one reading that
/// `$answer` returns; the texts that it can point at lie at 16, 32 and 48, and a long one of zeros at 131072.
const SHARED: &str = r#"
  (data (i32.const 16) "heart-rate")
  (data (i32.const 32) "/min")
  (data (i32.const 48) "diary-of-ada")
  (global $free (mut i32) (i32.const 65536))
  (global $fields (mut i32) (i32.const 0))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func $field (param $path i32) (param $length i32) (param $value f64)
    (local $at i32)
    (local.set $at
      (i32.add (i32.const 262144) (i32.mul (global.get $fields) (i32.const 40))))
    (global.set $fields (i32.add (global.get $fields) (i32.const 1)))
    (i32.store (local.get $at) (local.get $path))
    (i32.store offset=4 (local.get $at) (local.get $length))
    (i32.store8 offset=8 (local.get $at) (i32.const 2))
    (f64.store offset=16 (local.get $at) (local.get $value))
    (i32.store8 offset=24 (local.get $at) (i32.const 1))
    (i32.store offset=28 (local.get $at) (i32.const 32))
    (i32.store offset=32 (local.get $at) (i32.const 4)))
  (func $answer (result i32)
    (i32.store (i32.const 1028) (i32.const 2048))
    (i32.store (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 2072) (i32.const 262144))
    (i32.store (i32.const 2076) (global.get $fields))
    (global.set $fields (i32.const 0))
    (i32.const 1024))
"#;

impl Guest<'_> {
    /// One that answers yes to everything and finds nothing.
    pub const fn idle(kind: Kind) -> Self {
        Guest { kind, configure: "(i32.const 0)", run: "(i32.const 0)", more: "", pages: 16 }
    }

    /// The component.
    pub fn build(&self) -> Vec<u8> {
        let interface = self.kind.name();
        let (run, params) = self.kind.run();
        let module = format!(
            "(module
               (memory (export \"memory\") {pages})
               {SHARED}
               (func (export \"hushgate:plugin/{interface}@0.1.0#configure\") (param i32 i32) (result i32)
                 {configure})
               (func (export \"hushgate:plugin/{interface}@0.1.0#{run}\") (param {params}) (result i32)
                 (global.set $free (i32.const 65536))
                 {body})
               {more})",
            pages = self.pages,
            configure = self.configure,
            body = self.run,
            more = self.more,
        );
        let mut module = wat::parse_str(module).unwrap();
        let mut resolve = Resolve::default();
        let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
        let (package, _) = resolve.push_dir(contract).unwrap();
        let world = resolve.select_world(&[package], Some(&format!("{interface}-plugin"))).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let mut encoder = ComponentEncoder::default().validate(true).module(&module).unwrap();
        encoder.encode().unwrap()
    }
}

/// A manifest for `id` that declares `heart-rate` and nothing else.
pub fn manifest(id: &str, kind: Kind) -> String {
    format!(
        "id = \"{id}\"\nversion = \"1.0.0\"\nkind = \"{kind}\"\nwit = \"0.1.0\"\nlicence = \"MIT\"\n\
         summary = \"A test's.\"\n[[field]]\npath = \"heart-rate\"\nunit = \"/min\"\nprivacy = \"health\"\n",
        kind = kind.name()
    )
}
