//! The original service's `serializeBuffers` and `deserializeBuffers`: copies of values with byte arrays exchanged for
//! `{ type: 'Buffer', data: base64 }`, and back.

use base64::{Engine, engine::general_purpose::STANDARD};
use napi::{
    Env, JsValue, KeyCollectionMode, KeyConversion, KeyFilter, Property, PropertyAttributes, ValueType,
    bindgen_prelude::{Array, BufferSlice, FromNapiValue, JsObjectValue, Object, ToNapiValue, Unknown},
};
use napi_derive::napi;

use crate::codec::{self, MAX_NESTING};

/// A copy of a value in which every byte array is `{ type: 'Buffer', data: base64 }`.
#[napi(catch_unwind, ts_args_type = "value: any", ts_return_type = "any")]
pub fn serialize_buffers<'env>(env: &'env Env, value: Unknown<'env>) -> napi::Result<Unknown<'env>> {
    copy(env, value, &to_base64, 0)
}

/// A copy of a value in which every `{ type: 'Buffer', data }` is a Buffer.
#[napi(catch_unwind, ts_args_type = "value: any", ts_return_type = "any")]
pub fn deserialize_buffers<'env>(env: &'env Env, value: Unknown<'env>) -> napi::Result<Unknown<'env>> {
    copy(env, value, &from_base64, 0)
}

/// What an object is exchanged for, if it is one to exchange.
type Exchange = dyn for<'env> Fn(&'env Env, &Object<'env>) -> napi::Result<Option<Unknown<'env>>>;

fn copy<'env>(env: &'env Env, value: Unknown<'env>, exchange: &Exchange, depth: usize) -> napi::Result<Unknown<'env>> {
    if value.get_type()? != ValueType::Object {
        return Ok(value);
    }
    if depth > MAX_NESTING {
        return Err(napi::Error::from_reason(format!(
            "the value is circular or nested deeper than {MAX_NESTING} levels"
        )));
    }
    let object = Object::from_unknown(value)?;
    if let Some(exchanged) = exchange(env, &object)? {
        return Ok(exchanged);
    }
    if object.is_array()? {
        let array = Array::from_unknown(value)?;
        let mut copied = env.create_array(array.len())?;
        for at in 0..array.len() {
            if let Some(element) = array.get(at)? {
                copied.set(at, copy(env, element, exchange, depth + 1)?)?;
            }
        }
        return copied.into_unknown(env);
    }
    // Dates and protobuf instances say themselves what they are in JSON.
    let to_json: Unknown<'env> = object.get_named_property_unchecked("toJSON")?;
    if to_json.get_type()? == ValueType::Function {
        return Ok(value);
    }
    let mut copied = Object::new(env)?;
    for name in own_names(&object)? {
        let element: Unknown<'env> = object.get_property(name)?;
        // Defined, not assigned: `__proto__` is a name like any other here.
        let property = Property::new()
            .with_name(env, name)?
            .with_value(&copy(env, element, exchange, depth + 1)?)
            .with_property_attributes(
                PropertyAttributes::Writable | PropertyAttributes::Enumerable | PropertyAttributes::Configurable,
            );
        copied.define_properties(&[property])?;
    }
    copied.into_unknown(env)
}

fn to_base64<'env>(env: &'env Env, object: &Object<'env>) -> napi::Result<Option<Unknown<'env>>> {
    if !object.is_buffer()? && !object.is_typedarray()? {
        return Ok(None);
    }
    let bytes = BufferSlice::from_unknown(object.to_unknown())?;
    let mut exchanged = Object::new(env)?;
    exchanged.set("type", "Buffer")?;
    exchanged.set("data", STANDARD.encode(&*bytes))?;
    exchanged.into_unknown(env).map(Some)
}

fn from_base64<'env>(env: &'env Env, object: &Object<'env>) -> napi::Result<Option<Unknown<'env>>> {
    if object.is_buffer()? || object.is_typedarray()? {
        return Ok(Some(object.to_unknown()));
    }
    let bytes = match marked_bytes(object)? {
        Some(bytes) => bytes,
        None => match indexed_bytes(object)? {
            Some(bytes) => bytes,
            None => return Ok(None),
        },
    };
    BufferSlice::copy_from(env, bytes)?.into_unknown(env).map(Some)
}

/// The bytes of `{ type: 'Buffer', data }`, with base64 or an array of numbers as data.
fn marked_bytes(object: &Object<'_>) -> napi::Result<Option<Vec<u8>>> {
    let (kind, data): (Unknown<'_>, Unknown<'_>) = (
        object.get_named_property_unchecked("type")?,
        object.get_named_property_unchecked("data")?,
    );
    if kind.get_type()? != ValueType::String || String::from_unknown(kind)? != "Buffer" {
        return Ok(None);
    }
    match data.get_type()? {
        ValueType::String => Ok(Some(codec::decode_base64(&String::from_unknown(data)?))),
        ValueType::Object if Object::from_unknown(data)?.is_array()? => {
            let array = Array::from_unknown(data)?;
            bytes_of((0..array.len()).filter_map(move |at| array.get(at).transpose()))
        }
        _ => Ok(None),
    }
}

/// The bytes of Baileys' older form, an object of numbers by their index.
fn indexed_bytes(object: &Object<'_>) -> napi::Result<Option<Vec<u8>>> {
    let names = own_names(object)?;
    if names.is_empty() || object.is_array()? {
        return Ok(None);
    }
    for name in &names {
        let name = String::from_unknown(*name)?;
        if !name
            .trim_start()
            .trim_start_matches(['+', '-'])
            .starts_with(|first: char| first.is_ascii_digit())
        {
            return Ok(None);
        }
    }
    let object = *object;
    bytes_of(names.into_iter().map(move |name| object.get_property(name)))
}

/// Numbers as bytes, modulo 256 as `Buffer.from` takes them; `None` if there is something else among them.
fn bytes_of<'env>(values: impl Iterator<Item = napi::Result<Unknown<'env>>>) -> napi::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    for value in values {
        let value = value?;
        if value.get_type()? != ValueType::Number {
            return Ok(None);
        }
        // N-API's conversion to i32 takes a number modulo 2^32, and what is not finite as 0.
        bytes.push(i32::from_unknown(value)? as u8);
    }
    Ok(Some(bytes))
}

fn own_names<'env>(object: &Object<'env>) -> napi::Result<Vec<Unknown<'env>>> {
    let names = object.get_all_property_names(
        KeyCollectionMode::OwnOnly,
        KeyFilter::Enumerable,
        KeyConversion::NumbersToStrings,
    )?;
    let names = Array::from_unknown(names.to_unknown())?;
    let mut strings = Vec::with_capacity(names.len() as usize);
    for at in 0..names.len() {
        // Symbols are enumerated too, and are no part of a value's JSON.
        let name: Option<Unknown<'env>> = names.get(at)?;
        if let Some(name) = name
            && name.get_type()? == ValueType::String
        {
            strings.push(name);
        }
    }
    Ok(strings)
}
