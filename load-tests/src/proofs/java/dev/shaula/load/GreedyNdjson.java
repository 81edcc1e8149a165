package dev.shaula.load;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As NDJSON in one request with a chunked body. */
final class GreedyNdjson extends Greedy {
    private static final Pattern ACKNOWLEDGED = Pattern.compile("\"(?:acknowledged|upserted_count)\":(\\d+)");

    private final Connection connection;
    private final byte[] template;
    private final int[] blockPlaces;
    private final int[] versionPlaces;

    GreedyNdjson(URI url, String collection, Batch batch, int[] versions, Percentiles times) throws IOException {
        super(batch, versions, times);
        connection = new Connection(url);
        connection.startChunks("/vectors/upsert?collection=" + collection);
        template = batch.ndjson();
        blockPlaces = places("\"id\":\"b");
        versionPlaces = places("[");
        listen();
    }

    /** What follows each {@code mark}. */
    private int[] places(String mark) {
        String text = new String(template, StandardCharsets.UTF_8);
        int[] places = new int[batch.rows()];
        int at = -1;
        for (int i = 0; i < places.length; i++) {
            at = text.indexOf(mark, at + 1);
            places[i] = at + mark.length();
        }
        return places;
    }

    @Override
    byte[] encoded(int block, int version, long number) {
        put(Batch.block(block), blockPlaces);
        put(Batch.text(version), versionPlaces);
        return template;
    }

    private void put(String text, int[] places) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        for (int at : places) {
            System.arraycopy(bytes, 0, template, at, bytes.length);
        }
    }

    @Override
    void write(byte[] bytes) throws IOException {
        connection.chunk(bytes);
    }

    @Override
    void end() throws IOException {
        connection.lastChunk();
    }

    @Override
    void hear() throws IOException {
        Connection.Reply head = connection.reply();
        if (head.status() != 200) {
            throw new IOException("HTTP " + head.status() + " " + head.body());
        }
        for (String chunk = connection.replyChunk(); !chunk.isEmpty(); chunk = connection.replyChunk()) {
            if (chunk.contains("\"success\":false")) {
                throw new IOException(chunk);
            }
            Matcher told = ACKNOWLEDGED.matcher(chunk);
            while (told.find()) {
                acknowledged(Long.parseLong(told.group(1)));
            }
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
        super.close();
    }
}
