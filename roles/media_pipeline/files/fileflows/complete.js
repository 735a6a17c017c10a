// Files are named by their ids in Directus.
const url = "http://n8n:5678/webhook/fileflows-complete";
const input = Variables.file.Orig.FullName;
const id = input.split("/").pop().split(".")[0];
// Directus still has the file, and n8n cannot remove this copy.
const remove = () => Flow.Execute({ command: "rm", argumentList: ["-f", "--", input] });
const told = { id: id, input: input, output: Variables.file.FullName };

// After a failure three more tries; n8n may be starting.
for (const seconds of [1, 2, 4, 0]) {
  http.DefaultRequestHeaders.Add("X-Webhook-Token", Variables["platform.webhookToken"]);
  const answer = http.PostAsync(url, JsonContent(JSON.stringify(told))).Result;
  http.DefaultRequestHeaders.Remove("X-Webhook-Token");
  if (answer.IsSuccessStatusCode) {
    remove();
    return 1;
  }
  Logger.WLog("n8n did not take it: status " + answer.StatusCode);
  if (seconds) Sleep(seconds * 1000);
}
return Flow.Fail("n8n cannot be told");
