// A result that n8n has stored, and nothing else.
const file = Variables.file.Orig.FullName;
if (!file.startsWith("/media/output/")) return Flow.Fail(file + " is no result");
const done = Flow.Execute({ command: "rm", argumentList: ["-f", "--", file] });
return done.exitCode === 0 ? 1 : Flow.Fail("the result cannot be removed: " + done.standardError);
