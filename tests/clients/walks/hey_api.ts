// What a program does with the client that hey-api makes, from sign-up to revocation.

import assert from "node:assert/strict";
import { client } from "./client/client.gen.js";
import * as tollgate from "./client/index.js";

const baseUrl = process.env.TOLLGATE_URL ?? "http://127.0.0.1:8000";
const [email, password] = ["walker@example.com", "a walk in the park"];

client.setConfig({ baseUrl });

const signUp = await tollgate.createAccount({ body: { email, password } });
assert.equal(signUp.response?.status, 201);
const again = await tollgate.createAccount({ body: { email, password } });
assert.deepEqual([again.response?.status, again.error?.code], [409, "email_taken"]);
const tooShort = await tollgate.createAccount({ body: { email: "other@example.com", password: "short" } });
assert.equal(tooShort.response?.status, 422);
assert.deepEqual(tooShort.error?.errors?.map((wrong) => wrong.field), ["password"]);

let { data: session } = await tollgate.createSession({ body: { email, password, with_refresh_token: true } });
assert(session);
const { refresh_token } = session;
({ data: session } = await tollgate.refreshSession({ body: { refresh_token } }));
assert(session);
const auth = session.access_token;

const { data: plans } = await tollgate.listPlans();
const plan = plans?.[0];
assert(plan && "limit" in plan.quota);
assert.equal(plan.quota.limit, 2);

const { data: key, error } = await tollgate.createKey({ auth, body: { plan_name: plan.name } });
if (!key) throw new Error(error?.detail);
const second = await tollgate.createKey({ auth, body: { plan_name: plan.name } });
assert.deepEqual([second.response?.status, second.error?.code], [409, "key_already_exists"]);
const { data: keys } = await tollgate.listKeys({ auth });
assert.deepEqual(keys?.map(({ id, plan_name, state }) => [id, plan_name, state]), [[key.id, plan.name, "active"]]);

const ask = () => tollgate.createChatCompletion({
  auth: key.value,
  body: { model: "model-1", messages: [{ role: "user", content: "hello" }] },
});
for (let asked = 0; asked < plan.quota.limit; asked++) {
  const { data: answer } = await ask();
  assert(answer && "choices" in answer);
  assert.equal(answer.choices[0]?.message.content, "one two three");
}
const spent = await ask();
assert.deepEqual([spent.response?.status, spent.error?.error.code], [429, "rate_limit_exceeded"]);
assert(Number(spent.response?.headers.get("retry-after")) >= 1);

const { data: days } = await tollgate.listUsage({ auth, path: { id: key.id } });
const today = days?.at(-1);
assert.deepEqual([today?.used, today?.refused], [2, 1]);

const revoked = await tollgate.revokeKey({ auth, path: { id: key.id } });
assert.equal(revoked.response?.status, 204);
const refused = await ask();
assert.deepEqual([refused.response?.status, refused.error?.error.code], [401, "invalid_api_key"]);
