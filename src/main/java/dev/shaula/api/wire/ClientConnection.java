package dev.shaula.api.wire;

import dev.shaula.collection.Sender;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a client: what it may hold of the budgets, and whether a request of HTTP/1 is taking too long to
 * come. State belongs to the event loop of the connection.
 */
public final class ClientConnection extends ChannelInboundHandlerAdapter {
    private static final AttributeKey<ClientConnection> KEY = AttributeKey.valueOf("shaula.connection");
    private static final long NEVER = 0;

    private final Sender sender;
    private final IngestBudget.Account bodies = new IngestBudget.Account();
    private @Nullable ChannelHandlerContext context;
    /** Since when a request is awaited: its first byte, or the opening of the connection. */
    private long awaitedSinceNs = System.nanoTime();

    private boolean seen;
    private boolean inRequest;
    /** Whether it speaks something else than HTTP/1 by now, and so is not watched any more. */
    private boolean exempt;

    private ClientConnection(Channel channel) {
        sender = new Sender(channel.eventLoop());
    }

    /** The one of a channel, which is watched from now on. Event loop of the channel. */
    static ClientConnection of(Channel channel) {
        ClientConnection known = channel.attr(KEY).get();
        if (known != null) {
            return known;
        }
        ClientConnection fresh = new ClientConnection(channel);
        channel.attr(KEY).set(fresh);
        channel.pipeline().addFirst("shaula-connection", fresh);
        return fresh;
    }

    /** Whether this is its first request. */
    boolean isNew() {
        boolean first = !seen;
        seen = true;
        return first;
    }

    /** Who this is for the write budget. */
    public Sender sender() {
        return sender;
    }

    /** What its requests hold of the ingest budget. */
    public IngestBudget.Account bodies() {
        return bodies;
    }

    /**
     * Bounds what the kernel takes of it in advance, to about so many bytes, once what it has taken already is read. Its
     * event loop.
     */
    public void receiveAtMost(int bytes) {
        ChannelHandlerContext of = context;
        if (of != null) {
            of.channel().config().setOption(ChannelOption.SO_RCVBUF, bytes);
        }
    }

    /** It is not one of HTTP/1 any more: nothing is awaited in a given time. */
    public void exempt() {
        exempt = true;
    }

    void requestBegun() {
        inRequest = true;
        awaitedSinceNs = NEVER;
    }

    void requestEnded() {
        inRequest = false;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!inRequest && awaitedSinceNs == NEVER) {
            awaitedSinceNs = System.nanoTime();
        }
        ctx.fireChannelRead(message);
    }

    /** Refuses the request that is coming if it is taking longer than {@code patience}. */
    void check(long nowNs, Duration patience) {
        ChannelHandlerContext to = context;
        if (exempt || inRequest || awaitedSinceNs == NEVER || to == null) {
            return;
        }
        if (nowNs - awaitedSinceNs > patience.toNanos()) {
            exempt = true;
            if (to.pipeline().get(SslHandler.class) == null) {
                to.writeAndFlush(refusal(patience)).addListener(ChannelFutureListener.CLOSE);
            } else {
                to.close();
            }
        }
    }

    private static ByteBuf refusal(Duration patience) {
        byte[] body = Answers.error(
                "head of the request: expected within " + patience.toMillis() + " ms, got a part of it or nothing");
        String head = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length + "\r\n\r\n";
        return Unpooled.wrappedBuffer(head.getBytes(StandardCharsets.US_ASCII), body);
    }
}
