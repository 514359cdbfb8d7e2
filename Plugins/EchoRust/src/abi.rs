//! llama_stack_provider.h in Rust's words: the structs field by field, their layout checked when this is compiled. The
//! header is the specification; what may be called when, and who owns what, is written there.

use std::ffi::{c_char, c_void};
use std::mem::{offset_of, size_of};

pub const OK: i32 = 0;
pub const BAD_REQUEST: i32 = 1;
pub const INVALID: i32 = 2;
pub const BUSY: i32 = 6;
pub const UNSUPPORTED: i32 = 7;
pub const CANCELLED: i32 = 11;
pub const INTERNAL: i32 = 12;
pub const BAD_CONFIG: i32 = 13;

/// The kind of a write.
pub const BODY: i32 = 1;
pub const EVENT: i32 = 2;

/// The result of a write.
pub const MORE: i32 = 0;
pub const PAUSE: i32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub data: *const u8,
    pub size: usize,
}

impl Bytes {
    pub fn of(bytes: &[u8]) -> Bytes {
        Bytes { data: bytes.as_ptr(), size: bytes.len() }
    }

    /// # Safety
    /// The bytes must live as long as 'a.
    pub unsafe fn slice<'a>(self) -> &'a [u8] {
        if self.data.is_null() || self.size == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(self.data, self.size)
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Sink {
    pub struct_size: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub write: extern "C" fn(*mut c_void, i32, Bytes) -> i32,
    pub finish: extern "C" fn(*mut c_void, i32, Bytes),
    pub when_writable: extern "C" fn(*mut c_void, extern "C" fn(*mut c_void), *mut c_void),
    pub wait_writable: extern "C" fn(*mut c_void) -> i32,
}

// The contract lets any thread use a sink until finish.
unsafe impl Send for Sink {}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Request {
    pub struct_size: u32,
    pub flags: u32,
    pub call_id: u64,
    pub target: Bytes,
    pub method: Bytes,
    pub parameters: Bytes,
    pub body: Bytes,
    pub options: Bytes,
    pub resource: Bytes,
    pub principal: Bytes,
    pub request_id: Bytes,
    pub deadline_ns: i64,
}

// Nothing writes to what it points at, and that lives until the call's finish.
unsafe impl Send for Request {}

/// The host's functions. This provider needs none of them, so they stay untyped.
#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub context: *mut c_void,
    pub functions: [*const c_void; 6],
}

#[repr(C)]
pub struct Setup {
    pub struct_size: u32,
    pub reserved: u32,
    pub provider_id: Bytes,
    pub config: Bytes,
    pub state_path: Bytes,
    pub base_path: Bytes,
}

#[repr(C)]
pub struct Provider {
    pub struct_size: u32,
    pub flags: u32,
    pub self_: *mut c_void,
    pub api: *const c_char,
    pub type_: *const c_char,
    pub version: *const c_char,
    pub runtime: *const c_char,
    pub description: *const c_char,
    pub config_schema: *const c_char,
    pub methods: *const c_char,
    pub needs: *const c_char,
    pub create: extern "C" fn(*const Provider, *const Host, *const Setup, *const Sink) -> *mut c_void,
    pub invoke: extern "C" fn(*mut c_void, *const Request, *const Sink),
    pub cancel: extern "C" fn(*mut c_void, u64),
    pub destroy: extern "C" fn(*mut c_void, *const Sink),
    pub resources: *const c_char,
}

// Constant.
unsafe impl Sync for Provider {}

#[repr(C)]
pub struct Module {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub provider_count: u32,
    pub reserved: u32,
    pub providers: *const *const Provider,
}

unsafe impl Sync for Module {}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Bytes>() == 16);
    assert!(size_of::<Sink>() == 48);
    assert!(offset_of!(Sink, write) == 16);
    assert!(offset_of!(Sink, wait_writable) == 40);
    assert!(size_of::<Request>() == 152);
    assert!(offset_of!(Request, method) == 32);
    assert!(offset_of!(Request, body) == 64);
    assert!(offset_of!(Request, options) == 80);
    assert!(offset_of!(Request, deadline_ns) == 144);
    assert!(size_of::<Host>() == 64);
    assert!(size_of::<Setup>() == 72);
    assert!(offset_of!(Setup, config) == 24);
    assert!(size_of::<Provider>() == 120);
    assert!(offset_of!(Provider, config_schema) == 56);
    assert!(offset_of!(Provider, create) == 80);
    assert!(offset_of!(Provider, destroy) == 104);
    assert!(offset_of!(Provider, resources) == 112);
    assert!(size_of::<Module>() == 24);
    assert!(offset_of!(Module, providers) == 16);
};
