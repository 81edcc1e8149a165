package dev.shaula.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Shows how an import gets on: a bar that is redrawn on a terminal, a line every few seconds elsewhere. The share done is
 * that of the file's bytes as they lie on disk, since the number of rows is not known before the end.
 *
 * <p>The import's threads report, a thread of its own draws, so that a stalled server shows as a falling rate.
 */
final class ImportProgress implements AutoCloseable {

    /** How to show progress. */
    enum Style {
        AUTO,
        BAR,
        LINES,
        NONE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Duration BAR_INTERVAL = Duration.ofMillis(200);
    private static final Duration LINE_INTERVAL = Duration.ofSeconds(5);
    private static final int BAR_WIDTH = 24;

    private final PrintWriter out;
    private final Style style;
    private final String name;
    private final long fileBytes;
    private final long limit;
    private final long startRows;
    private final long startNs = System.nanoTime();
    private final Thread painter;

    private volatile SourceFile.@Nullable Content content;
    private volatile double startShare = -1;
    private volatile long acknowledged;
    private volatile long endNs;
    private volatile long sentBytes; // written by the sending thread only

    /**
     * @param limit most rows of this import, {@code Long.MAX_VALUE} if the file decides
     * @param startRows rows that earlier runs have done
     */
    ImportProgress(PrintWriter out, Style style, SourceFile file, long limit, long startRows) {
        this.out = out;
        this.style = style == Style.AUTO ? styleOfTerminal() : style;
        this.name = file.name();
        this.fileBytes = file.size();
        this.limit = limit;
        this.startRows = startRows;
        this.acknowledged = startRows;
        this.painter = Thread.ofVirtual().name("shaula-progress").unstarted(this::paint);
    }

    private static Style styleOfTerminal() {
        return Text.terminal().isPresent() ? Style.BAR : Style.LINES;
    }

    void start() {
        if (style != Style.NONE) {
            painter.start();
        }
    }

    /** The file was opened, for the first time or again. */
    void reading(SourceFile.Content opened) {
        content = opened;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void sent(long bytes) {
        if (startShare < 0) {
            startShare = share();
        }
        sentBytes += bytes;
    }

    void acknowledged(long rows) {
        acknowledged = rows;
    }

    /** Bytes of rows that were sent, those sent twice counted twice. */
    long sentBytes() {
        return sentBytes;
    }

    /** Since the start, until now or the end. */
    double seconds() {
        return ((endNs == 0 ? System.nanoTime() : endNs) - startNs) / 1e9;
    }

    /** Rows acknowledged per second since this run began. */
    double rate() {
        return (acknowledged - startRows) / Math.max(1e-9, seconds());
    }

    private void paint() {
        Duration interval = style == Style.BAR ? BAR_INTERVAL : LINE_INTERVAL;
        try {
            while (true) {
                Thread.sleep(interval);
                draw();
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private synchronized void draw() {
        if (endNs != 0) {
            return;
        }
        if (style == Style.BAR) {
            out.print("\r\u001b[K" + bar() + line());
        } else {
            out.println(line());
        }
        out.flush();
    }

    /** Prints a line between two drawings of the bar. */
    synchronized void notice(String text) {
        out.println((style == Style.BAR ? "\r\u001b[K" : "") + text);
        out.flush();
    }

    private String bar() {
        int done = (int) Math.round(share() * BAR_WIDTH);
        return "[" + "#".repeat(done) + ".".repeat(BAR_WIDTH - done) + "] ";
    }

    /** The part of the work that is done, 0 to 1. */
    private double share() {
        SourceFile.Content source = content;
        double ofFile = source == null || fileBytes == 0 ? 0 : (double) source.bytesRead() / fileBytes;
        double ofLimit = (double) acknowledged / limit;
        return Math.clamp(Math.max(ofFile, ofLimit), 0, 1);
    }

    private String line() {
        return String.format(
                Locale.ROOT,
                "%s %5.1f %%  %s rows  %s rows/s  ETA %s",
                name,
                100 * share(),
                Text.count(acknowledged),
                Text.count(Math.round(rate())),
                eta());
    }

    private String eta() {
        double done = share() - Math.max(0, startShare);
        return done <= 0 ? "?" : Text.clock(seconds() * (1 - share()) / done);
    }

    /** Stops the clock and the drawing, and clears the bar. */
    @Override
    public void close() {
        painter.interrupt();
        finish();
    }

    private synchronized void finish() {
        endNs = System.nanoTime();
        if (style == Style.BAR) {
            out.print("\r\u001b[K");
            out.flush();
        }
    }
}
