//! A first look at a change chunk, before Automerge sees it: what it claims, held against what
//! it can hold. Reads every byte once and keeps none.
//!
//! The format is Automerge's, at <https://automerge.org/automerge-binary-format-spec/>. Columns
//! are run-length encoded, so a few bytes can claim 2^60 operations, or one long name a quarter
//! of a million times; Automerge reads such a chunk until memory ends.

use sidelight_format::limits;

use crate::{ActorId, FIELD_NAME_LEN_MAX, OPERATION_COUNTER_MAX};

/// A chunk that is no change as this crate writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Not the encoding of an uncompressed change.
    Malformed,
    /// A compressed change, a document or a bundle of changes.
    WrongChunk,
    /// By another actor than expected.
    Actor,
    /// With a time, a message or further bytes.
    Extras,
    /// More of something than a change may have.
    Limit,
    /// An operation of a sort that entries do not use.
    Operation,
}

/// What a chunk says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) actor: ActorId,
    pub(crate) checksum: [u8; 4],
    pub(crate) operations: u64,
}

/// Reads the outline of the uncompressed change in `bytes`.
pub(crate) fn outline(bytes: &[u8]) -> Result<Outline, Unfit> {
    if bytes.len() > limits::CHANGE_LEN_MAX {
        return Err(Unfit::Limit);
    }
    let mut input = Input(bytes);
    if input.take(4)? != MAGIC {
        return Err(Unfit::Malformed);
    }
    let checksum = input.array()?;
    match input.byte()? {
        CHUNK_CHANGE => {}
        0..=3 => return Err(Unfit::WrongChunk),
        _ => return Err(Unfit::Malformed),
    }
    if input.unsigned()? != input.0.len() as u64 {
        return Err(Unfit::Malformed);
    }
    let dependencies = input.unsigned()?;
    if dependencies > limits::DEPENDENCIES_MAX as u64 {
        return Err(Unfit::Limit);
    }
    let mut last = None;
    for _ in 0..dependencies {
        // Sorted, each once. Automerge hashes them as they stand and saves them as it knows them.
        let dependency = Some(input.take(32)?);
        if dependency <= last {
            return Err(Unfit::Malformed);
        }
        last = dependency;
    }
    let actor = input.actor()?;
    if input.unsigned()? == 0 {
        return Err(Unfit::Malformed); // sequences count from 1
    }
    let start = input.unsigned()?;
    if start == 0 {
        return Err(Unfit::Malformed);
    }
    // Time 0 and a message of length 0: one zero byte each.
    if input.take(2)? != [0, 0] {
        return Err(Unfit::Extras);
    }
    let others = input.unsigned()?;
    for _ in 0..others {
        input.actor()?;
    }
    let operations = columns(&mut input, others + 1)?;
    if start
        .checked_add(operations)
        .is_none_or(|end| end > OPERATION_COUNTER_MAX)
    {
        return Err(Unfit::Limit);
    }
    Ok(Outline {
        actor,
        checksum,
        operations,
    })
}

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHUNK_CHANGE: u8 = 1;

/// Column specifications: `id << 4 | type`, never with the bit for deflate.
mod spec {
    pub(super) const OBJECT_ACTOR: u64 = 0x01;
    pub(super) const OBJECT_COUNTER: u64 = 0x02;
    pub(super) const KEY_ACTOR: u64 = 0x11;
    pub(super) const KEY_COUNTER: u64 = 0x13;
    pub(super) const KEY_NAME: u64 = 0x15;
    pub(super) const INSERT: u64 = 0x34;
    pub(super) const ACTION: u64 = 0x42;
    pub(super) const VALUE_META: u64 = 0x56;
    pub(super) const VALUE: u64 = 0x57;
    pub(super) const PREDECESSOR_COUNT: u64 = 0x70;
    pub(super) const PREDECESSOR_ACTOR: u64 = 0x71;
    pub(super) const PREDECESSOR_COUNTER: u64 = 0x73;
    pub(super) const ALL: [u64; 12] = [
        OBJECT_ACTOR,
        OBJECT_COUNTER,
        KEY_ACTOR,
        KEY_COUNTER,
        KEY_NAME,
        INSERT,
        ACTION,
        VALUE_META,
        VALUE,
        PREDECESSOR_COUNT,
        PREDECESSOR_ACTOR,
        PREDECESSOR_COUNTER,
    ];
}

/// Reads the columns to the end of the chunk and returns how many operations they hold.
fn columns(input: &mut Input<'_>, actors: u64) -> Result<u64, Unfit> {
    let mut columns: [&[u8]; spec::ALL.len()] = Default::default();
    let mut places = Vec::new();
    let mut next = 0;
    for _ in 0..input.unsigned()? {
        let spec = input.unsigned()?;
        let Some(skipped) = spec::ALL[next..].iter().position(|known| *known == spec) else {
            // Out of order or twice is malformed; marks and what may come are another sort.
            let known = spec::ALL.contains(&spec);
            return Err(if known {
                Unfit::Malformed
            } else {
                Unfit::Operation
            });
        };
        places.push((next + skipped, input.unsigned()?));
        next += skipped + 1;
    }
    for (place, len) in places {
        columns[place] = input.take(usize::try_from(len).map_err(|_| Unfit::Malformed)?)?;
    }
    if !input.0.is_empty() {
        return Err(Unfit::Extras);
    }
    let column = |spec| {
        let place = spec::ALL.iter().position(|known| *known == spec);
        columns[place.expect("every constant of the module is in its list")]
    };

    let mut operations = 0;
    runs(column(spec::ACTION), Input::unsigned, |action, count| {
        operations = add(operations, count, limits::OPERATIONS_MAX as u64)?;
        match action {
            Some(0..=4) => Ok(()),      // make map, put, make list, delete, make text
            _ => Err(Unfit::Operation), // increment, make table, mark, and what may come
        }
    })?;
    if operations == 0 {
        return Err(Unfit::Malformed); // nobody writes an empty change
    }
    for spec in [spec::OBJECT_ACTOR, spec::KEY_ACTOR] {
        indices(column(spec), actors, operations)?;
    }
    let mut seen = 0;
    runs(
        column(spec::OBJECT_COUNTER),
        Input::unsigned,
        |counter, count| {
            seen = add(seen, count, operations)?;
            within(counter.unwrap_or(0), OPERATION_COUNTER_MAX)
        },
    )?;
    deltas(column(spec::KEY_COUNTER), operations)?;
    let mut seen = 0;
    runs(column(spec::KEY_NAME), Input::name, |_, count| {
        seen = add(seen, count, operations)?;
        Ok(())
    })?;
    booleans(column(spec::INSERT), operations)?;
    let (mut seen, mut total) = (0, 0);
    let value_len = column(spec::VALUE).len() as u64;
    runs(column(spec::VALUE_META), Input::unsigned, |meta, count| {
        seen = add(seen, count, operations)?;
        let meta = meta.unwrap_or(0);
        let len = (meta >> 4).checked_mul(count).ok_or(Unfit::Malformed)?;
        total = add(total, len, value_len)?;
        match meta & 15 {
            0..=7 | 9 => Ok(()),        // null, booleans, numbers, text, bytes, time
            _ => Err(Unfit::Operation), // counters, and what may come
        }
    })?;
    if total != value_len {
        return Err(Unfit::Malformed);
    }
    let (mut seen, mut predecessors) = (0, 0);
    runs(
        column(spec::PREDECESSOR_COUNT),
        Input::unsigned,
        |number, count| {
            seen = add(seen, count, operations)?;
            let number = number.ok_or(Unfit::Malformed)?;
            let sum = number.checked_mul(count).ok_or(Unfit::Malformed)?;
            predecessors = add(predecessors, sum, limits::OPERATIONS_MAX as u64)?;
            Ok(())
        },
    )?;
    indices(column(spec::PREDECESSOR_ACTOR), actors, predecessors)?;
    deltas(column(spec::PREDECESSOR_COUNTER), predecessors)?;
    Ok(operations)
}

/// A column of places in the chunk's list of actors.
fn indices(column: &[u8], actors: u64, rows: u64) -> Result<(), Unfit> {
    let mut seen = 0;
    runs(column, Input::unsigned, |index, count| {
        seen = add(seen, count, rows)?;
        match index {
            Some(index) if index >= actors => Err(Unfit::Malformed),
            _ => Ok(()),
        }
    })
}

/// A column of counters, each as its distance from the one before.
fn deltas(column: &[u8], rows: u64) -> Result<(), Unfit> {
    let (mut seen, mut counter) = (0, 0_i64);
    runs(column, Input::signed, |delta, count| {
        seen = add(seen, count, rows)?;
        // Within a run the counter only rises or only falls, so its end stands for all of it.
        let distance = i64::try_from(count)
            .ok()
            .and_then(|count| delta.unwrap_or(0).checked_mul(count));
        counter = distance
            .and_then(|distance| counter.checked_add(distance))
            .ok_or(Unfit::Malformed)?;
        within(
            u64::try_from(counter).map_err(|_| Unfit::Malformed)?,
            OPERATION_COUNTER_MAX,
        )
    })
}

/// A column of alternating counts of no and yes.
fn booleans(column: &[u8], rows: u64) -> Result<(), Unfit> {
    let (mut input, mut seen) = (Input(column), 0);
    while !input.0.is_empty() {
        seen = add(seen, input.unsigned()?, rows)?;
    }
    Ok(())
}

/// Calls `each` with every value of a run-length encoded column and how often it stands there.
fn runs<'a, T: Copy>(
    column: &'a [u8],
    read: impl Fn(&mut Input<'a>) -> Result<T, Unfit>,
    mut each: impl FnMut(Option<T>, u64) -> Result<(), Unfit>,
) -> Result<(), Unfit> {
    let mut input = Input(column);
    while !input.0.is_empty() {
        match input.signed()? {
            0 => each(None, input.unsigned()?)?,
            count @ 1.. => each(Some(read(&mut input)?), count.unsigned_abs())?,
            // Different values one after another: each takes a byte at least, so the column's
            // end bounds a count that claims more.
            count => {
                for _ in 0..count.unsigned_abs() {
                    each(Some(read(&mut input)?), 1)?;
                }
            }
        }
    }
    Ok(())
}

fn add(sum: u64, more: u64, max: u64) -> Result<u64, Unfit> {
    let sum = sum.checked_add(more).ok_or(Unfit::Limit)?;
    within(sum, max).map(|()| sum)
}

fn within(value: u64, max: u64) -> Result<(), Unfit> {
    if value > max {
        Err(Unfit::Limit)
    } else {
        Ok(())
    }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Unfit> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Unfit::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unfit> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Unfit::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Unfit> {
        self.array().map(|[byte]| byte)
    }

    fn actor(&mut self) -> Result<ActorId, Unfit> {
        if self.unsigned()? != ActorId::LEN as u64 {
            return Err(Unfit::Actor);
        }
        self.array().map(ActorId)
    }

    fn name(&mut self) -> Result<&'a [u8], Unfit> {
        let len = self.unsigned()?;
        within(len, FIELD_NAME_LEN_MAX as u64)?;
        self.take(len as usize)
    }

    /// An unsigned LEB128 of at most 64 bits.
    fn unsigned(&mut self) -> Result<u64, Unfit> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Unfit::Malformed);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Unfit::Malformed)
    }

    /// A signed LEB128 of at most 64 bits.
    fn signed(&mut self) -> Result<i64, Unfit> {
        let mut value = 0_i64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && !matches!(byte, 0x00 | 0x7f) {
                return Err(Unfit::Malformed);
            }
            value |= i64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let negative = byte & 0x40 != 0;
                if negative && shift + 7 < 64 {
                    value |= -1 << (shift + 7);
                }
                return Ok(value);
            }
        }
        Err(Unfit::Malformed)
    }
}
