// What the documentation of servicenow-rest-api shows, done by it as it comes from npm, against the simulator.
//
// The client is not touched: it is given the place of the simulator as the instance, and the simulator's own authority is trusted
// (NODE_EXTRA_CA_CERTS).
//
// It does create, read, update, delete and queries. Of files it lists and downloads, and has no upload and no deletion: the files are
// sent by this script. It has no paging and no OAuth. Its errors are axios's.

const assert = require("node:assert/strict");
const https = require("node:https");
const ServiceNow = require("servicenow-rest-api");
const { run } = require("./examples.js");

const PLACE = `127.0.0.1:${process.argv[2]}`;
const CLIENT = new ServiceNow(PLACE, "myusername", "mypassword");

// Its functions call back with a result or with an error, and nothing tells which but the error itself.
const called = (name, ...given) => new Promise((done) => CLIENT[name](...given, done));

async function refused(status, name, ...given) {
  const error = await called(name, ...given);
  assert.ok(error instanceof Error, `${name} did not fail: ${JSON.stringify(error)}`);
  assert.equal(error.response?.status, status);
  return error.response.data.error;
}

function upload(table, sysId, fileName, contentType, content) {
  const target = new URL(`https://${PLACE}/api/now/attachment/file`);
  target.search = new URLSearchParams({ table_name: table, table_sys_id: sysId, file_name: fileName });
  const headers = { "Content-Type": contentType };
  return new Promise((done, failed) => {
    const request = https.request(target, { method: "POST", auth: "myusername:mypassword", headers }, (response) => {
      response.resume();
      response.on("end", () => (response.statusCode === 201 ? done() : failed(new Error(`${response.statusCode}`))));
    });
    request.on("error", failed);
    request.end(content);
  });
}

const made = (data) => called("createNewTask", data, "incident");

async function authenticate() {
  const lines = [];
  console.log = (line) => lines.push(line);
  CLIENT.Authenticate();
  while (lines.length === 0) await new Promise(setImmediate);
  console.log = () => {};
  assert.deepEqual(lines, ["Authenticated"]);
}

async function sample_data() {
  const records = await called("getSampleData", "change_request");
  assert.equal(records.length, 1);
  assert.match(records[0].number, /^CHG/);
  assert.equal(records[0].sys_id.length, 32);
}

async function create() {
  const record = await made({ short_description: "made by servicenow-rest-api", urgency: "1 - High", impact: "1 - High" });
  assert.match(record.number, /^INC/);
  assert.equal(record.short_description, "made by servicenow-rest-api");
  assert.equal(record.priority, "1 - Critical", "display values are written and read");
  assert.equal(record.state, "New");
}

async function create_with_references() {
  const record = await made({ short_description: "assigned", caller_id: "Beth Anglin", assignment_group: "Network" });
  assert.equal(record.caller_id.display_value, "Beth Anglin");
  assert.equal(record.assignment_group.display_value, "Network");
  assert.match(record.caller_id.link, /\/api\/now\/table\/sys_user\/[0-9a-f]{32}$/);
}

async function read() {
  const { number, sys_id } = await made({ short_description: "to be read" });
  const records = await called("getTableData", [], [`number=${number}`], "incident");
  assert.equal(records.length, 1);
  assert.equal(records[0].sys_id, sys_id);
  assert.ok(Object.keys(records[0]).length > 50, "every column");
}

async function sys_id_of_a_number() {
  const { number, sys_id } = await made({ short_description: "has a sys_id" });
  assert.equal(await called("getSysId", "incident", number), sys_id);
}

async function update() {
  const { number } = await made({ short_description: "before" });
  const changed = await called("UpdateTask", "incident", number, { short_description: "after", urgency: "3 - Low", impact: "1 - High" });
  assert.equal(changed.short_description, "after");
  assert.equal(changed.priority, "3 - Moderate");
  const [again] = await called("getTableData", ["short_description"], [`number=${number}`], "incident");
  assert.deepEqual(again, { short_description: "after" });
}

async function remove() {
  const { number } = await made({ short_description: "to be deleted" });
  assert.equal((await called("DeleteTask", "incident", number)).status, 204);
  assert.deepEqual(await called("getTableData", ["number"], [`number=${number}`], "incident"), []);
}

async function query_by_fields() {
  const records = await called("getTableData", ["number", "priority"], ["priority=1", "active=true"], "incident");
  assert.ok(records.length > 0);
  for (const record of records) {
    assert.deepEqual(Object.keys(record), ["number", "priority"]);
    assert.equal(record.priority, "1 - Critical");
  }
}

async function query_by_operators() {
  for (const title of ["operators: alpha", "operators: beta"]) await made({ short_description: title });
  for (const [filters, expected] of [
    [["short_descriptionSTARTSWITHoperators:"], 2],
    [["short_descriptionLIKEalpha", "short_descriptionSTARTSWITHoperators"], 1],
    [["short_descriptionINoperators: alpha,operators: beta"], 2],
    [["short_description=operators: alpha", "ORshort_description=operators: beta"], 2],
    [["short_descriptionSTARTSWITHoperators:", "sys_created_onONToday@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()"], 2],
    [["short_descriptionSTARTSWITHoperators:", "sys_created_by!=myusername"], 0],
    [["short_description=operators: gamma"], 0],
  ]) {
    const found = await called("getTableData", ["number"], filters, "incident");
    assert.equal(found.length, expected, filters.join("^"));
  }
}

async function query_in_order() {
  const records = await called("getTableData", ["number"], ["ORDERBYDESCnumber"], "incident");
  const numbers = records.map((record) => record.number);
  assert.ok(numbers.length > 250, "all of them, as nothing limits them");
  assert.deepEqual(numbers, [...numbers].sort().reverse());
}

async function query_through_references() {
  const fields = ["number", "caller_id.department.name"];
  const records = await called("getTableData", fields, ["caller_id.user_name=beth.anglin"], "incident");
  assert.ok(records.length > 0);
  for (const record of records) assert.equal(record["caller_id.department.name"], "IT");
}

async function change_tasks() {
  const { sys_id } = await called("createNewTask", { short_description: "a change" }, "change_request");
  for (const title of ["first", "second"]) {
    await called("createNewTask", { short_description: title, change_request: sys_id }, "change_task");
  }
  const tasks = await called("getChangeTasks", "change_task", sys_id);
  assert.equal(tasks.length, 2);
  assert.deepEqual(Object.keys(tasks[0]), ["number", "sys_id"]);
}

async function files() {
  const { sys_id } = await made({ short_description: "has files" });
  await upload("incident", sys_id, "one.txt", "text/plain", "one");
  await upload("incident", sys_id, "two.json", "application/json", '{"two":2}');
  const listed = await called("getAllAttachmentsMetaData", sys_id);
  assert.deepEqual(listed.map((file) => file.file_name).sort(), ["one.txt", "two.json"]);
  for (const { sys_id: id, file_name } of listed) {
    const single = await called("getAttachmentMetaData", id);
    assert.equal(single.file_name, file_name);
    const file = await called("getAttachment", id);
    if (file_name === "one.txt") {
      assert.equal(file.data, "one");
      assert.match(file.headers["content-type"], /^text\/plain/);
      assert.equal(single.size_bytes, "3");
    } else {
      assert.deepEqual(file.data, { two: 2 });
    }
  }
}

async function no_files() {
  const { sys_id } = await made({ short_description: "has no files" });
  assert.deepEqual(await called("getAllAttachmentsMetaData", sys_id), []);
}

async function no_such_table() {
  const error = await refused(400, "getTableData", [], [], "no_such_table");
  assert.equal(error.message, "Invalid table no_such_table");
}

async function no_such_file() {
  await refused(404, "getAttachmentMetaData", "0".repeat(32));
  await refused(404, "getAttachment", "0".repeat(32));
}

async function wrong_password() {
  const stranger = new ServiceNow(PLACE, "myusername", "wrong");
  const error = await new Promise((done) => stranger.getSampleData("incident", done));
  assert.equal(error.response?.status, 401);
  assert.equal(error.response.data.error.message, "User Not Authenticated");
}

run("servicenow-rest-api", [
  authenticate, sample_data, create, create_with_references, read, sys_id_of_a_number, update, remove, query_by_fields,
  query_by_operators, query_in_order, query_through_references, change_tasks, files, no_files, no_such_table, no_such_file,
  wrong_password,
]);
