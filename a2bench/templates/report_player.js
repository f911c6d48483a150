"use strict";
// Clips as pictures in memory: every player of a case shows the same frame number at the same moment,
// because there is one clock and no video element keeps its own.

const CLIPS = new Map();  // name -> what its file says
function clip(name, facts) { CLIPS.set(name, facts); }  // media/.../<name>.js calls it

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const rateOf = (facts) => (facts.frames.length > 1 ? facts.fps / (facts.frames[1] - facts.frames[0]) : facts.fps);

async function decodeFrames(facts) {  // -> ImageBitmap of every shown frame, in order
  const data = bytesOf(facts.mp4);
  if (window.VideoDecoder) {
    const config = { codec: facts.codec, description: bytesOf(facts.description), codedWidth: facts.width, codedHeight: facts.height };
    const supported = await VideoDecoder.isConfigSupported(config).catch(() => ({ supported: false }));
    if (supported.supported) return decodeByCodec(facts, data, config);
  }
  return decodeBySeeking(facts, data);
}

async function decodeByCodec(facts, data, config) {
  const frames = new Array(facts.samples.length), waiting = [];
  let problem = null;
  const decoder = new VideoDecoder({
    output: (frame) => {
      const at = Math.round(frame.timestamp / 1000);
      waiting.push(createImageBitmap(frame).then((bitmap) => { frames[at] = bitmap; frame.close(); }));
    },
    error: (error) => { problem = error; },
  });
  decoder.configure(config);
  for (const [offset, size, isKey, at] of facts.samples) {
    decoder.decode(new EncodedVideoChunk({ type: isKey ? "key" : "delta", timestamp: at * 1000, data: data.subarray(offset, offset + size) }));
  }
  await decoder.flush();
  decoder.close();
  await Promise.all(waiting);
  if (problem) throw problem;
  return frames;
}

// Where a browser has no WebCodecs: a video is moved to the middle of each frame once, then forgotten.
async function decodeBySeeking(facts, data) {
  const video = document.createElement("video"), address = URL.createObjectURL(new Blob([data], { type: "video/mp4" }));
  video.muted = true; video.preload = "auto"; video.playsInline = true;
  const event = (name) => new Promise((done, failed) => {
    video.addEventListener(name, done, { once: true });
    video.addEventListener("error", () => failed(new Error("this browser plays no H.264")), { once: true });
  });
  try {
    const ready = event("loadeddata");
    video.src = address;
    await ready;
    const frames = [];
    for (let at = 0; at < facts.samples.length; at++) {
      const there = event("seeked");
      video.currentTime = (at + .5) / rateOf(facts);
      await there;
      frames.push(await createImageBitmap(video));
    }
    return frames;
  } finally {
    URL.revokeObjectURL(address);
  }
}

// Difference as heat: black, violet, orange, yellow (control points of the map "inferno").
const HEAT = (() => {
  const points = [[0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164]];
  const table = new Uint8Array(256 * 3);
  for (let at = 0; at < 256; at++) {
    const place = at / 255 * (points.length - 1), low = Math.min(Math.floor(place), points.length - 2);
    for (let channel = 0; channel < 3; channel++) table[3 * at + channel] = points[low][channel] + (points[low + 1][channel] - points[low][channel]) * (place - low);
  }
  return table;
})();

class Player {
  constructor(key, path, name) {
    this.key = key; this.path = path; this.name = name;
    this.canvas = make("canvas", { width: 256, height: 384, class: "screen" });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.frames = null; this.facts = null; this.wanted = null; this.isGone = false;
  }
  // facts first: the curves need no pictures
  load() {
    this.loading ||= (async () => {
      if (!CLIPS.has(this.name)) await loadScript(this.path);
      this.facts = CLIPS.get(this.name);
      this.canvas.width = this.facts.width; this.canvas.height = this.facts.height;
      return this.facts;
    })();
    return this.loading;
  }
  decode() {
    this.wanted ||= this.load().then(decodeFrames).then((frames) => {
      if (this.isGone) for (const frame of frames) frame.close();
      else this.frames = frames;
    });
    return this.wanted;
  }
  release() {
    if (!this.frames) return;
    for (const frame of this.frames) frame.close();
    this.frames = null; this.wanted = null;
  }
  draw(at, view, other) {
    if (!this.frames) return;
    const frame = this.frames[Math.min(at, this.frames.length - 1)];
    const { width, height } = this.canvas, context = this.context;
    const against = other && other !== this && other.frames ? other.frames[Math.min(at, other.frames.length - 1)] : null;
    if (!against || view.mode === "side") {
      context.drawImage(view.peek && against ? against : frame, 0, 0, width, height);
      return;
    }
    if (view.peek) { context.drawImage(against, 0, 0, width, height); return; }
    if (view.mode === "wipe") {
      const edge = Math.round(view.wipe * width);
      context.drawImage(frame, 0, 0, width, height);
      context.save();
      context.beginPath(); context.rect(0, 0, edge, height); context.clip();
      context.drawImage(against, 0, 0, width, height);
      context.restore();
      context.fillStyle = "rgba(0, 0, 0, .55)"; context.fillRect(edge - 1.5, 0, 3, height);
      context.fillStyle = "#ffffff"; context.fillRect(edge - .5, 0, 1, height);
      return;
    }
    context.drawImage(against, 0, 0, width, height);
    context.globalCompositeOperation = "difference";
    context.drawImage(frame, 0, 0, width, height);
    context.globalCompositeOperation = "source-over";
    const image = context.getImageData(0, 0, width, height), pixels = image.data, gain = view.gain / 3;
    for (let i = 0; i < pixels.length; i += 4) {
      const heat = 3 * Math.min(255, Math.round((pixels[i] + pixels[i + 1] + pixels[i + 2]) * gain));
      pixels[i] = HEAT[heat]; pixels[i + 1] = HEAT[heat + 1]; pixels[i + 2] = HEAT[heat + 2];
    }
    context.putImageData(image, 0, 0);
  }
}
