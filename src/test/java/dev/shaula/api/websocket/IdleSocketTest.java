package dev.shaula.api.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.EmbeddedNode;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class IdleSocketTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    @Test
    void shouldCloseASocketThatDoesNotEvenAnswerPings() throws Exception {
        try (EmbeddedNode node = new EmbeddedNode(data);
                EmbeddedDoor served = new EmbeddedDoor(node, 1 << 20, 1 << 18, Duration.ofMillis(300));
                Socket raw = new Socket(
                        InetAddress.getLoopbackAddress(), served.base().getPort())) {
            raw.setSoTimeout(30_000);
            OutputStream out = raw.getOutputStream();
            String upgrade = """
                    GET /vectors/stream HTTP/1.1
                    Host: x
                    Connection: Upgrade
                    Upgrade: websocket
                    Sec-WebSocket-Version: 13
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==

                    """;
            out.write(upgrade.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            InputStream in = raw.getInputStream();
            byte[] head = in.readNBytes(12);
            assertThat(new String(head, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 101");
            String all = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
            int close = all.indexOf("nothing received for");
            assertThat(close).as("a close frame with its reason").isPositive();
            assertThat(all.charAt(close - 2) << 8 | all.charAt(close - 1)).isEqualTo(4408);
            assertThat(all).as("was pinged before").contains("shaula");
        }
    }
}
