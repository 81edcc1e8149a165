package dev.shaula.api.doors;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Connections that come in too great a number, or say too little in too much time. */
@QuarkusTest
@TestProfile(ConnectionLimitsTest.Narrow.class)
@NullMarked
class ConnectionLimitsTest {
    private static final int MOST = 8;
    private static final int PATIENCE_MS = 60_000;
    private static final String HEALTH = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

    /** Times that a test can wait for, and that a slow machine keeps when a request is whole. */
    public static final class Narrow implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "shaula.http.max-connections",
                    Integer.toString(MOST),
                    "shaula.http.header-timeout",
                    "2s",
                    "shaula.http.body-timeout",
                    "1s");
        }
    }

    private static Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", RestAssured.port);
        socket.setSoTimeout(PATIENCE_MS);
        return socket;
    }

    /** A connection that has asked once. A test that is held up between connecting and asking begins again. */
    private static Socket connectAndAsk() throws IOException {
        while (true) {
            Socket socket = connect();
            say(socket, HEALTH);
            if (hear(socket).startsWith("HTTP/1.1 200")) {
                return socket;
            }
            socket.close();
        }
    }

    private static void say(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String hearToTheEnd(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** A whole answer with a length, after which the connection may go on. */
    private static String hear(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder text = new StringBuilder();
        while (text.indexOf("\r\n\r\n") < 0) {
            text.append((char) in.read());
        }
        String head = text.toString().toLowerCase(java.util.Locale.ROOT);
        int length = Integer.parseInt(head.replaceFirst("(?s).*content-length: (\\d+).*", "$1"));
        return text + new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    @Test
    void shouldRefuseAHeadThatComesInDrops() throws Exception {
        try (Socket slow = connect()) {
            say(slow, "GET /health HTTP/1.1\r\nHo");
            assertThat(hearToTheEnd(slow))
                    .startsWith("HTTP/1.1 408")
                    .contains("head of the request: expected within 2000 ms");
        }
    }

    @Test
    void shouldTimeTheHeadOfALaterRequestToo() throws Exception {
        try (Socket slow = connectAndAsk()) {
            say(slow, "GET /hea");
            assertThat(hearToTheEnd(slow)).startsWith("HTTP/1.1 408");
        }
    }

    @Test
    void shouldCloseAConnectionThatNeverAsks() throws Exception {
        try (Socket silent = connect()) {
            assertThat(hearToTheEnd(silent)).startsWith("HTTP/1.1 408");
        }
    }

    /** Idle between requests is what keep-alive is for. */
    @Test
    void shouldLetAConnectionRestBetweenRequests() throws Exception {
        try (Socket resting = connectAndAsk();
                Socket other = connect()) {
            assertThat(hearToTheEnd(other))
                    .as("closed for its silence, after the time that counts")
                    .contains("408");
            say(resting, HEALTH);
            assertThat(hear(resting)).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void shouldRefuseABodyThatStops() throws Exception {
        String body = "{\"collection\": \"never\", \"vectors\": [{\"id\": \"a\", \"vec";
        try (Socket slow = connectAndAsk()) {
            say(slow, "POST /vectors/upsert HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + body);
            assertThat(hearToTheEnd(slow))
                    .startsWith("HTTP/1.1 408")
                    .contains("body: expected more of it within 1000 ms, got nothing after " + body.length() + " bytes")
                    .contains("nothing was stored");
        }
        given().get("/collections/never").then().statusCode(404);
    }

    @Test
    void shouldRefuseOneConnectionTooMany() throws Exception {
        List<Socket> open = new ArrayList<>();
        String refusal = "";
        try {
            for (int i = 0; i <= MOST && refusal.isEmpty(); i++) {
                Socket socket = connect();
                open.add(socket);
                say(socket, HEALTH);
                String answer = hear(socket);
                i -= answer.startsWith("HTTP/1.1 408") ? 1 : 0; // this thread was held up between connecting and asking
                refusal = answer.startsWith("HTTP/1.1 503") ? answer : "";
            }
            assertThat(refusal)
                    .contains("connections: expected at most " + MOST + " open at a time, got one more")
                    .containsIgnoringCase("retry-after: 1");
            assertThat(open.getLast().getInputStream().read())
                    .as("the end of the connection")
                    .isEqualTo(-1);
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
            awaitRoom();
        }
    }

    /** Until the server has seen the ends of the connections, for the tests that follow. */
    private static void awaitRoom() throws IOException {
        for (boolean room = false; !room; ) {
            try (Socket socket = connect()) {
                say(socket, "GET /info HTTP/1.1\r\nHost: x\r\n\r\n");
                String info = hear(socket);
                room = info.startsWith("HTTP/1.1 200")
                        && Integer.parseInt(info.replaceFirst("(?s).*\"active_connections\":(\\d+).*", "$1"))
                                <= MOST / 2;
            }
        }
    }
}
