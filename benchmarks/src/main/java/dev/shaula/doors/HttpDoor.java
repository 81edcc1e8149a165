package dev.shaula.doors;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** {@code POST /vectors/query} in one of its forms. */
record HttpDoor(Form form, String collection) implements Door {
    /** How the vector travels. */
    enum Form {
        JSON,
        BASE64,
        BINARY
    }

    @Override
    public String name() {
        return switch (form) {
            case JSON -> "HTTP, JSON numbers";
            case BASE64 -> "HTTP, JSON base64";
            case BINARY -> "HTTP, octet-stream";
        };
    }

    @Override
    public ByteBuffer query(float[] vector, int k, int ef) {
        return switch (form) {
            case JSON -> json(JsonAnswers.numbers(vector), k, ef);
            case BASE64 -> json(JsonAnswers.base64(vector), k, ef);
            case BINARY ->
                post(
                        "/vectors/query?collection=" + collection + "&top_k=" + k + "&ef=" + ef
                                + "&include_metadata=false",
                        "application/octet-stream",
                        JsonAnswers.bytes(vector));
        };
    }

    private ByteBuffer json(String vector, int k, int ef) {
        String body = "{\"collection\":\"" + collection + "\",\"vector\":" + vector + ",\"top_k\":" + k + ",\"ef\":"
                + ef + ",\"include_metadata\":false}";
        return post("/vectors/query", "application/json", body.getBytes(StandardCharsets.US_ASCII));
    }

    /** A whole request. */
    static ByteBuffer post(String path, String type, byte[] body) {
        byte[] head = ("POST " + path + " HTTP/1.1\r\nHost: shaula\r\nContent-Type: " + type + "\r\nContent-Length: "
                        + body.length + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocateDirect(head.length + body.length)
                .put(head)
                .put(body)
                .flip();
    }

    @Override
    public Conversation open() {
        return new HttpConversation();
    }

    @Override
    public int[] ids(ByteBuffer answer) {
        return JsonAnswers.ids(answer);
    }
}
