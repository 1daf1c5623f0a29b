//! Reaches all of core from the outside of a WebAssembly module, with an allocator that only takes and a panic that stops.
#![no_std]

extern crate alloc;

use alloc::alloc::{GlobalAlloc, Layout};
use alloc::string::String;
use alloc::vec::Vec;
use core::arch::wasm32;
use core::cell::Cell;
use core::time::Duration;

use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::client::assertion::SignatureEncoding;
use evergrant::client::configuration::Client;
use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};
use evergrant::flow::step::Step;

/// Gives out memory and never takes it back.
struct Bump {
    next: Cell<usize>,
    end: Cell<usize>,
}

const PAGE: usize = 65_536;

// SAFETY: a WebAssembly module of this target has one thread.
unsafe impl Sync for Bump {}

// SAFETY: every block lies in pages that `memory.grow` has just given, aligned, and no two overlap.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.next.get().next_multiple_of(layout.align());
        if start + layout.size() <= self.end.get() {
            self.next.set(start + layout.size());
            return start as *mut u8;
        }
        let pages = layout.size().div_ceil(PAGE) + 1;
        let old = wasm32::memory_grow(0, pages);
        if old == usize::MAX {
            return core::ptr::null_mut();
        }
        let start = (old * PAGE).next_multiple_of(layout.align());
        self.next.set(start + layout.size());
        self.end.set((old + pages) * PAGE);
        start as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static MEMORY: Bump = Bump {
    next: Cell::new(0),
    end: Cell::new(0),
};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}

/// Memory for the caller to write an input into.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(length: usize) -> *mut u8 {
    let mut bytes: Vec<u8> = Vec::with_capacity(length);
    let start = bytes.as_mut_ptr();
    core::mem::forget(bytes);
    start
}

/// # Safety
/// The caller has written `length` bytes to what `allocate` gave.
unsafe fn text(start: *const u8, length: usize) -> String {
    // SAFETY: as this function demands.
    let bytes = unsafe { core::slice::from_raw_parts(start, length) };
    String::from_utf8_lossy(bytes).into_owned()
}

fn give(text: &str) -> u64 {
    let start = allocate(text.len());
    // SAFETY: `allocate` gave as many bytes.
    unsafe { core::ptr::copy_nonoverlapping(text.as_ptr(), start, text.len()) };
    ((start as u64) << 32) | text.len() as u64
}

/// Every pure function, by name: a line with the name, then its input. Gives address and length of the answer.
///
/// # Safety
/// The caller has written `length` bytes to what `allocate` gave.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn call(start: *const u8, length: usize) -> u64 {
    // SAFETY: as this function demands.
    let input = unsafe { text(start, length) };
    let (name, input) = input.split_once('\n').unwrap_or((&input, ""));
    match evergrant::messages::call(name, input) {
        Ok(answer) => give(&answer),
        Err(error) => give(&alloc::format!("{error} {error:?}")),
    }
}

/// The machine: a client configuration, then one line for each input. Gives what it says.
///
/// # Safety
/// The caller has written `length` bytes to what `allocate` gave.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn service_token(start: *const u8, length: usize, wall: i64, steady: i64) -> u64 {
    // SAFETY: as this function demands.
    let input = unsafe { text(start, length) };
    let mut lines = input.lines();
    let client = match Client::from_json(lines.next().unwrap_or("")) {
        Ok(client) => client,
        Err(error) => return give(&alloc::format!("{error}")),
    };
    let now = Now { wall, steady };
    let entropy = core::array::from_fn(|at| (wall >> (at % 8)) as u8 ^ at as u8);
    let token = ServiceToken::new(client, Vec::new());
    let command = match lines.next() {
        Some(fingerprint) => ServiceTokenCommand::Rejected {
            fingerprint: fingerprint.into(),
        },
        None => ServiceTokenCommand::Obtain {
            min_life: Duration::from_secs(60),
        },
    };
    let mut work = token.work(command, now, entropy);
    let mut out = String::new();
    for line in lines {
        let (id, step) = work.step();
        let answer = || HttpResponse::new(200, [ResponseHeader::new("Date", "x")].into(), line.into());
        let input = match step {
            Step::Send(send) => {
                out.push_str(send.request.body());
                match line.len() % 3 {
                    0 => Input::Answer(answer()),
                    1 => Input::NotSent,
                    _ => Input::NoAnswer {
                        over: true,
                        partial: Some(answer()),
                    },
                }
            }
            Step::Sign(sign) => Input::Signed {
                signature: sign.bytes().into(),
                encoding: SignatureEncoding::Der,
            },
            Step::Wait(_) => Input::Woke,
            _ => break,
        };
        if let Err(error) = work.answer(id, now, input) {
            out.push_str(&alloc::format!("{error}"));
        }
        let events = work.events();
        out.push_str(&alloc::format!("{:?} {events:?}", work.step()));
    }
    if let Some(token) = work.service_token().token(now, Duration::ZERO) {
        out.push_str(token.authorization().expose());
    }
    give(&out)
}
