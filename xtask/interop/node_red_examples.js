// What the documentation of node-red-contrib-servicenow-api-oauth shows, done by its nodes as they come from npm, in the runtime of
// Node-RED, against the simulator. Node-RED's own test helper loads the flow, sends messages to the nodes, and receives theirs.
//
// The nodes are not touched: they are given the URL of the simulator, and the simulator's own authority is trusted
// (NODE_EXTRA_CA_CERTS). They log in with the grant client_credentials and know no other way.
//
// They do all of create, read, update, delete, files and queries. They have a limit and no offset, so a list has one page, except that
// of files. Where no token is given they fail without a message (they read the status of a response that they do not have).

const assert = require("node:assert/strict");
const { once } = require("node:events");
const helper = require("node-red-node-test-helper");
const serviceNow = require("node-red-contrib-servicenow-api-oauth");
const { run, within } = require("./examples.js");

const PACKAGE = "node-red-contrib-servicenow-api-oauth";
const TYPES = [
  "create record", "retrieve record", "retrieve records", "modify record", "patch record", "delete record", "upload attachment",
  "get attachment metadata", "download attachment", "delete attachment",
];

const id = (type) => type.replaceAll(" ", "-");

function flow() {
  const server = {
    id: "server", type: "servicenow-config", name: "simulator", instance: `https://localhost:${process.argv[2]}/`,
    client_id: "my-id", client_secret: "my-secret", scope: "useraccount",
  };
  const nodes = TYPES.map((type) => ({ id: id(type), z: "tab", type, name: type, server: "server", wires: [["out"]] }));
  return [{ id: "tab", type: "tab", label: "examples" }, server, ...nodes, { id: "out", z: "tab", type: "helper", wires: [] }];
}

let loaded = false;

async function unload() {
  if (loaded) await helper.unload();
  loaded = false;
}

// Sends a message to a node, and returns the one that comes out, or throws what the node reports as its error. What a message says of
// parameters a node keeps for the next one, so the flow is loaded anew for each.
async function through(type, message) {
  await unload();
  loaded = true;
  await helper.load(serviceNow, flow());
  const [node, out] = [helper.getNode(id(type)), helper.getNode("out")];
  const done = once(out, "input").then(([got]) => got);
  const failed = once(node, "call:error").then(([call]) => Promise.reject(new Error(call.args[0])));
  node.receive(message);
  return within(10_000, Promise.race([done, failed]));
}

async function create_record(data, topic = "incident") {
  const { payload } = await through("create record", { topic, payload: data });
  assert.equal(payload.statusCode, 201);
  return payload.body.result;
}

async function list(message) {
  const { payload } = await through("retrieve records", { topic: "incident", ...message });
  assert.equal(payload.statusCode, 200);
  return payload.body.result;
}

async function with_file(name, content, contentType) {
  const { sys_id } = await create_record({ short_description: "has a file" });
  const sent = await through("upload attachment", { topic: "incident", sys_id, filename: name, payload: content, contentType });
  return { record: sys_id, file: sent.payload };
}

async function create() {
  const record = await create_record({ short_description: "made by Node-RED, \u00e9\u4e16", urgency: "1", impact: "1" });
  assert.match(record.number, /^INC/);
  assert.equal(record.short_description, "made by Node-RED, \u00e9\u4e16");
  assert.equal(record.priority, "1");
  assert.equal(record.sys_created_by, "myusername", "the user that the client's credentials stand for");
}

async function read() {
  const { sys_id, number } = await create_record({ short_description: "to be read" });
  const { payload } = await through("retrieve record", { topic: "incident", sys_id });
  assert.equal(payload.statusCode, 200);
  assert.equal(payload.body.result.number, number);
}

async function read_some_fields() {
  const { sys_id } = await create_record({ short_description: "to be read in part" });
  const message = { topic: "incident", sys_id, sysparm_fields: "short_description,state", sysparm_display_value: true };
  const { payload } = await through("retrieve record", message);
  assert.deepEqual(payload.body.result, { short_description: "to be read in part", state: "New" });
}

async function modify() {
  const { sys_id } = await create_record({ short_description: "before", description: "stays" });
  const { payload } = await through("modify record", { topic: "incident", sys_id, payload: { short_description: "put" } });
  assert.equal(payload.body.result.short_description, "put");
  assert.equal(payload.body.result.description, "stays");
}

async function patch() {
  const { sys_id } = await create_record({ short_description: "before" });
  await through("patch record", { topic: "incident", sys_id, payload: { short_description: "patched", impact: "1", urgency: "1" } });
  const { payload } = await through("retrieve record", { topic: "incident", sys_id });
  assert.equal(payload.body.result.short_description, "patched");
  assert.equal(payload.body.result.priority, "1");
}

async function remove() {
  const { sys_id } = await create_record({ short_description: "to be deleted" });
  const { payload } = await through("delete record", { topic: "incident", sys_id });
  assert.equal(payload.statusCode, 204);
  await assert.rejects(through("retrieve record", { topic: "incident", sys_id }), /\(404\).*No Record found/);
}

async function query_without_conditions() {
  assert.ok((await list({ sysparm_limit: 3 })).length === 3);
  assert.equal((await list({})).length, 10, "the limit of the node is 10");
}

async function query_by_conditions() {
  const found = await list({ sysparm_query: "active=true^priority=1^ORDERBYDESCnumber", sysparm_fields: "number,priority,active" });
  assert.ok(found.length > 0);
  for (const record of found) {
    assert.deepEqual([record.active, record.priority], ["true", "1"]);
    assert.deepEqual(Object.keys(record), ["number", "priority", "active"]);
  }
  const numbers = found.map((record) => record.number);
  assert.deepEqual(numbers, [...numbers].sort().reverse());
}

async function query_by_operators() {
  for (const title of ["operators: alpha", "operators: beta"]) await create_record({ short_description: title });
  for (const [query, expected] of [
    ["short_descriptionSTARTSWITHoperators:", 2],
    ["short_descriptionLIKEoperators: al", 1],
    ["short_description=operators: alpha^ORshort_description=operators: beta", 2],
    ["short_description=operators: alpha^NQshort_description=operators: beta", 2],
    ["short_descriptionSTARTSWITHoperators:^assigned_toISEMPTY", 2],
    ["short_descriptionSTARTSWITHoperators:^sys_created_on>=javascript:gs.beginningOfToday()", 2],
    ["short_description=operators: gamma", 0],
  ]) {
    assert.equal((await list({ sysparm_query: query })).length, expected, query);
  }
}

async function query_with_display_values() {
  const query = "caller_id.user_name=beth.anglin^ORDERBYnumber";
  const [plain] = await list({ sysparm_query: query, sysparm_limit: 1 });
  assert.match(plain.caller_id.link, /\/api\/now\/table\/sys_user\/[0-9a-f]{32}$/);
  const [without] = await list({ sysparm_query: query, sysparm_limit: 1, sysparm_exclude_reference_link: true });
  assert.equal(without.caller_id, plain.caller_id.value);
  const [both] = await list({ sysparm_query: query, sysparm_limit: 1, sysparm_display_value: "all" });
  assert.deepEqual(both.caller_id, { display_value: "Beth Anglin", link: plain.caller_id.link, value: plain.caller_id.value });
}

async function upload() {
  const { record, file } = await with_file("a name & more.txt", Buffer.from("text"), "text/plain");
  assert.equal(file.file_name, "a name & more.txt");
  assert.equal(file.table_sys_id, record);
  assert.deepEqual([file.content_type, file.size_bytes], ["text/plain", "4"]);
}

async function metadata() {
  const { record, file } = await with_file("one.txt", Buffer.from("one"), "text/plain");
  const single = await through("get attachment metadata", { sys_id: file.sys_id });
  assert.equal(single.payload.file_name, "one.txt");
  const listed = await through("get attachment metadata", { sysparm_query: `table_sys_id=${record}` });
  assert.deepEqual(listed.payload.map((each) => each.sys_id), [file.sys_id]);
}

async function pages_of_metadata() {
  const { record } = await with_file("first.txt", Buffer.from("first"), "text/plain");
  for (const filename of ["second.txt", "third.txt"]) {
    await through("upload attachment", { topic: "incident", sys_id: record, filename, payload: Buffer.from("more") });
  }
  const seen = [];
  for (const sysparm_offset of [0, 2]) {
    const message = { sysparm_query: `table_sys_id=${record}^ORDERBYfile_name`, sysparm_limit: 2, sysparm_offset };
    const page = await through("get attachment metadata", message);
    seen.push(page.payload.map((each) => each.file_name));
  }
  assert.deepEqual(seen, [["first.txt", "second.txt"], ["third.txt"]]);
}

async function download() {
  const content = Buffer.from(Array.from({ length: 70_000 }, (_, at) => at % 256));
  const { file } = await with_file("bytes.bin", content);
  const got = await through("download attachment", { sys_id: file.sys_id });
  assert.deepEqual([got.filename, got.contentType], ["bytes.bin", "application/octet-stream"]);
  assert.ok(got.payload.equals(content));
}

async function delete_file() {
  const { file } = await with_file("gone.txt", Buffer.from("gone"), "text/plain");
  assert.equal((await through("delete attachment", { sys_id: file.sys_id })).statusCode, 204);
  await assert.rejects(through("get attachment metadata", { sys_id: file.sys_id }), /\(404\)/);
  await assert.rejects(through("download attachment", { sys_id: file.sys_id }), /\(404\)/);
}

async function no_such_table() {
  await assert.rejects(list({ topic: "no_such_table" }), /\(400\).*Invalid table no_such_table/);
}

async function refused_by_a_rule() {
  await create_record({
    name: "no eicar", collection: "incident", active: "true", when: "before", action_insert: "true", abort_action: "true",
    add_message: "true", message: "no eicar here", filter_condition: "short_descriptionLIKEEICAR^EQ",
  }, "sys_script");
  await assert.rejects(create_record({ short_description: "EICAR" }), /\(403\).*Operation Failed/);
}

helper.startServer()
  .then(() => run(PACKAGE, [
    create, read, read_some_fields, modify, patch, remove, query_without_conditions, query_by_conditions, query_by_operators,
    query_with_display_values, upload, metadata, pages_of_metadata, download, delete_file, no_such_table, refused_by_a_rule,
  ]))
  .finally(unload)
  .finally(() => helper.stopServer());
