//! V8's code for the package's JavaScript, kept by the thread that compiled it for those that start later
//! (`lib/program.ts`).

use std::sync::{Arc, Mutex, OnceLock};

use napi::bindgen_prelude::{BufferSlice, FromNapiValue, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::external::static_string;
use super::ports::Binding;
use crate::channel::secret;
use crate::sync::lock;

struct Program {
    /// Who inherits it may trust the code.
    read_key: String,
    /// Who has it may leave the code.
    write_key: String,
    text: Vec<u8>,
    /// V8's code for it.
    code: Mutex<Option<Arc<[u8]>>>,
}

static PROGRAM: OnceLock<Program> = OnceLock::new();

#[napi]
impl Binding {
    /// Keep `source`, in Latin-1, and return two keys, for the first thread that asks: workers find the text and the code for it
    /// under the first, and the second is to keep the code. A thread must not run what another one than its parent, or a parent
    /// of that, has left here.
    #[napi]
    pub fn reserve_program(source: &[u8]) -> Option<Vec<String>> {
        let program = Program {
            read_key: secret(),
            write_key: secret(),
            text: source.to_vec(),
            code: Mutex::default(),
        };
        let keys = vec![program.read_key.clone(), program.write_key.clone()];
        PROGRAM.set(program).ok().map(|()| keys)
    }

    /// Keep V8's code, in place of what was kept before.
    #[napi]
    pub fn keep_program(write_key: String, code: &[u8]) {
        let program = PROGRAM
            .get()
            .filter(|program| program.write_key == write_key);
        if let Some(program) = program {
            *lock(&program.code) = Some(code.into());
        }
    }

    /// The kept text, over the memory where it is kept; null if there is none.
    #[napi(ts_return_type = "string | null")]
    pub fn program_text(env: &Env, read_key: String) -> Result<Option<Unknown<'_>>> {
        let text = kept(&read_key).map(|program| static_string(env.raw(), &program.text));
        // SAFETY: a value of this call, if there is one.
        let value = |text| unsafe { Unknown::from_napi_value(env.raw(), text) };
        text.map(value).transpose()
    }

    /// A copy of the code for it, if any was kept.
    #[napi]
    pub fn program_code(env: &Env, read_key: String) -> Result<Option<BufferSlice<'_>>> {
        kept(&read_key)
            .and_then(|program| lock(&program.code).clone())
            .map(|code| BufferSlice::copy_from(env, code))
            .transpose()
    }
}

fn kept(read_key: &str) -> Option<&'static Program> {
    PROGRAM.get().filter(|program| program.read_key == read_key)
}
