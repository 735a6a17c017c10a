// Files are named by their ids in Directus. This flow is run for failures of all flows; others are none of ours.
const url = "http://n8n:5678/webhook/fileflows-error";
const input = Variables.file.Orig.FullName;
if (!input.startsWith("/media/input/")) return 1;
// Directus still has the file: a new try downloads it again. And n8n cannot remove this copy.
const remove = () => Flow.Execute({ command: "rm", argumentList: ["-f", "--", input] });
const id = input.split("/").pop().split(".")[0];
const reason = String(Variables.FailureReason || Variables["fail.Message"] || "FileFlows gives no reason");
const told = { id: id, input: input, reason: reason.slice(0, 1000) };

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
