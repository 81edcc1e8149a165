// A client for the WebSocket of Shaula in one file, for browsers and for Node 22 (20 with --experimental-websocket).
// The protocol is described in docs/websocket.md.

const RECONNECT_MS = [100, 300, 1000, 3000];

/** One socket that comes back by itself: upsert streams go on after the last acknowledged batch, live queries begin anew. */
export class Shaula {
  #url;
  #socket = null;
  #opening = null;
  #nextId = 1;
  #queries = new Map();
  #subscriptions = new Map();
  #streams = new Map();
  #attempts = 0;
  #closed = false;

  /** @param url of the server, such as http://127.0.0.1:8080 */
  constructor(url) {
    this.#url = String(url).replace(/^http/, "ws").replace(/\/$/, "") + "/vectors/stream";
  }

  /** Resolves when the socket is open. */
  connect() {
    this.#opening ??= new Promise((resolve, reject) => {
      const socket = new WebSocket(this.#url);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => {
        this.#socket = socket;
        this.#attempts = 0;
        this.#streams.forEach((stream) => stream.open());
        this.#subscriptions.forEach((subscription) => this.#send(subscription.request));
        resolve(this);
      };
      socket.onmessage = (message) => this.#hear(JSON.parse(message.data));
      socket.onclose = (event) => this.#lost(event, reject);
    });
    return this.#opening;
  }

  /** The points nearest to vector: { results: [{ id, score, metadata }], count }. */
  async query(collection, vector, options = {}) {
    await this.connect();
    const id = String(this.#nextId++);
    return new Promise((resolve, reject) => {
      this.#queries.set(id, { resolve, reject });
      this.#send({ op: "query", id, collection, vector: Array.from(vector), ...options });
    });
  }

  /**
   * Calls onAnswer with the whole answer and the changes that led to it, now and whenever it changes.
   * Returns a function that ends it.
   */
  async subscribe(collection, vector, options, onAnswer, onError = console.error) {
    await this.connect();
    const id = String(this.#nextId++);
    const request = { op: "subscribe", id, collection, vector: Array.from(vector), ...options };
    this.#subscriptions.set(id, { request, answer: [], onAnswer, onError });
    this.#send(request);
    return () => {
      this.#subscriptions.delete(id);
      this.#send({ op: "unsubscribe", id });
    };
  }

  /** A stream of upserts. Give it a name of its own, and the same one after a restart to learn what is stored. */
  async stream(collection, name = crypto.randomUUID(), ack = "indexed") {
    await this.connect();
    const stream = new UpsertStream(name, collection, ack, (message) => this.#send(message), () => this.#streams.delete(name));
    this.#streams.set(name, stream);
    stream.open();
    await stream.ready;
    return stream;
  }

  close() {
    this.#closed = true;
    this.#socket?.close(1000);
  }

  /** For tests: loses the connection as a network would. */
  drop() {
    this.#socket?.close(4000, "dropped");
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(message instanceof ArrayBuffer ? message : JSON.stringify(message));
    }
  }

  #lost(event, reject) {
    this.#socket = null;
    this.#opening = null;
    const why = new Error(`connection lost: ${event.code} ${event.reason}`);
    this.#queries.forEach((query) => query.reject(why));
    this.#queries.clear();
    this.#subscriptions.forEach((subscription) => (subscription.answer = []));
    reject(why);
    if (!this.#closed) {
      const wait = RECONNECT_MS[Math.min(this.#attempts++, RECONNECT_MS.length - 1)];
      setTimeout(() => this.connect().catch(() => {}), wait);
    }
  }

  #hear(message) {
    switch (message.event) {
      case "result":
        this.#take(message.id)?.resolve(message);
        break;
      case "change":
        this.#changed(message);
        break;
      case "error":
        this.#failed(message);
        break;
      case "pong":
        break;
      default:
        this.#streams.get(message.stream)?.hear(message);
    }
  }

  #take(id) {
    const query = this.#queries.get(id);
    this.#queries.delete(id);
    return query;
  }

  #changed(message) {
    const subscription = this.#subscriptions.get(message.id);
    if (subscription) {
      subscription.answer = applyChanges(subscription.answer, message.changes);
      subscription.onAnswer(subscription.answer, message.changes, message.sequences);
    }
  }

  #failed(message) {
    const error = Object.assign(new Error(message.error), message);
    if (message.stream !== undefined) {
      this.#streams.get(message.stream)?.hear(message);
    } else if (this.#queries.has(message.id)) {
      this.#take(message.id).reject(error);
    } else if (this.#subscriptions.has(message.id)) {
      const subscription = this.#subscriptions.get(message.id);
      this.#subscriptions.delete(message.id);
      subscription.onError(error);
    }
  }
}

/** The next answer of a live query: first take out what leaves or moves, then put in what enters or moves. */
export function applyChanges(answer, changes) {
  const gone = new Set(changes.map((change) => (change.type === "leave" ? change.id : change.point.id)));
  const next = answer.filter((point) => !gone.has(point.id));
  for (const change of changes) {
    if (change.type !== "leave") {
      next.splice(change.rank, 0, change.point);
    }
  }
  return next;
}

/** Batches of points, sent as far as the server grants credit and kept until they are acknowledged. */
class UpsertStream {
  #name;
  #collection;
  #ack;
  #send;
  #onClosed;
  #credit = 0;
  #lastBatch = 0;
  #sent = 0;
  #pending = [];
  #closing = null;
  #begun = null;
  ready = new Promise((resolve, reject) => (this.#begun = { resolve, reject }));

  constructor(name, collection, ack, send, onClosed) {
    this.#name = name;
    this.#collection = collection;
    this.#ack = ack;
    this.#send = send;
    this.#onClosed = onClosed;
  }

  open() {
    this.#credit = 0;
    this.#sent = Infinity;
    this.#send({ op: "open", stream: this.#name, collection: this.#collection, ack: this.#ack });
  }

  /** Resolves when the points are stored: [{ id, vector, metadata }]. Bytes not acknowledged stay in memory: await it. */
  upsert(points) {
    return new Promise((resolve, reject) => {
      const batch = ++this.#lastBatch;
      this.#pending.push({ batch, message: encodeBatch(this.#name, batch, points), resolve, reject });
      this.#pump();
    });
  }

  /** Resolves when everything is stored and the server has forgotten the stream. */
  close() {
    return new Promise((resolve, reject) => {
      this.#closing = { resolve, reject };
      this.#pump();
    });
  }

  hear(message) {
    switch (message.event) {
      case "opened":
        this.#settle(message.acknowledged);
        this.#lastBatch = Math.max(this.#lastBatch, message.acknowledged);
        this.#sent = 0;
        this.#credit = message.credit;
        this.#begun.resolve(message);
        break;
      case "credit":
        this.#credit += message.credit;
        break;
      case "ack":
        this.#credit += message.credit;
        this.#settle(message.batch);
        break;
      case "closed":
        this.#onClosed();
        this.#closing?.resolve(message);
        return;
      case "error":
        this.#failed(message);
        return;
    }
    this.#pump();
  }

  /** Everything up to this batch is stored. */
  #settle(batch) {
    while (this.#pending.length > 0 && this.#pending[0].batch <= batch) {
      this.#pending.shift().resolve(batch);
      this.#sent = Math.max(0, this.#sent - 1);
    }
  }

  #failed(message) {
    const error = Object.assign(new Error(message.error), message);
    if (!message.closed) {
      this.#send({ op: "close", stream: this.#name }); // a batch was refused: those behind it cannot follow
    }
    this.#onClosed();
    this.#begun.reject(error);
    this.#pending.forEach((batch) => batch.reject(error));
    this.#pending = [];
    this.#closing?.reject(error);
  }

  #pump() {
    while (this.#sent < this.#pending.length && this.#pending[this.#sent].message.byteLength <= this.#credit) {
      const { message } = this.#pending[this.#sent++];
      this.#credit -= message.byteLength;
      this.#send(message);
    }
    if (this.#closing && this.#pending.length === 0 && this.#sent !== Infinity) {
      this.#send({ op: "close", stream: this.#name });
    }
  }
}

/** The binary form of a batch, little-endian; docs/websocket.md draws it. */
export function encodeBatch(stream, batch, points) {
  const utf8 = new TextEncoder();
  const name = utf8.encode(stream);
  const rows = points.map(({ id, vector, metadata }) => ({
    id: utf8.encode(id),
    metadata: metadata ? utf8.encode(JSON.stringify(metadata)) : new Uint8Array(0),
    vector,
  }));
  const size = rows.reduce((sum, row) => sum + 8 + row.id.length + row.metadata.length + 4 * row.vector.length, 16 + name.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint16(2, name.length, true);
  view.setUint32(4, rows.length, true);
  view.setBigUint64(8, BigInt(batch), true);
  bytes.set(name, 16);
  let at = 16 + name.length;
  for (const row of rows) {
    view.setUint16(at, row.id.length, true);
    view.setUint32(at + 4, row.metadata.length, true);
    bytes.set(row.id, at + 8);
    bytes.set(row.metadata, at + 8 + row.id.length);
    at += 8 + row.id.length + row.metadata.length;
    for (const x of row.vector) {
      view.setFloat32(at, x, true);
      at += 4;
    }
  }
  return bytes.buffer;
}
