// Video becomes H.264 in MP4, audio normalised MP3, an image WebP of at most 1920 pixels. All else stays as it is.
const rules = [
  {
    extensions: ["mp4", "mov", "mkv", "avi", "webm", "m4v", "mpg", "mpeg", "wmv", "3gp"],
    target: "mp4",
    options: ["-c:v", "libx264", "-crf", "23", "-preset", "medium", "-c:a", "aac", "-movflags", "+faststart"],
  },
  {
    extensions: ["wav", "flac", "ogg", "oga", "opus", "m4a", "aac", "wma", "mp3", "amr"],
    target: "mp3",
    options: ["-vn", "-af", "loudnorm", "-c:a", "libmp3lame", "-q:a", "2"],
  },
  {
    extensions: ["jpg", "jpeg", "png", "bmp", "tif", "tiff", "webp"],
    target: "webp",
    options: ["-vf", "scale='min(1920,iw)':-2", "-quality", "80"],
  },
];

const extension = String(Variables.file.Orig.Extension).toLowerCase().replace(".", "");
const rule = rules.find((one) => one.extensions.includes(extension));
if (!rule) {
  Logger.ILog("No rule for " + extension + ": the file stays as it is");
  return 1;
}

const ffmpeg = Flow.GetToolPath("ffmpeg");
if (!ffmpeg) return Flow.Fail("FFmpeg is not installed: add the DockerMod FFmpeg under Extensions");

const output = Flow.TempPath + "/" + Flow.NewGuid() + "." + rule.target;
const done = Flow.Execute({
  command: ffmpeg,
  argumentList: ["-nostdin", "-y", "-i", Variables.file.FullName].concat(rule.options, [output]),
});
if (done.exitCode !== 0) {
  // The end says what went wrong; FFmpeg begins with how it was built.
  return Flow.Fail("FFmpeg ended with " + done.exitCode + ": " + String(done.standardError).slice(-300));
}
Flow.SetWorkingFile(output);
return 1;
