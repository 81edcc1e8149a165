package dev.shaula.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends the rows of a file to a collection, beginning anew after the last acknowledged row when the connection is lost
 * or the server is overloaded. Holds no more than {@link #SEND_BYTES} of rows and one row more: what was sent and not
 * acknowledged is read from the file again if it must be repeated.
 */
final class ImportJob {

    /**
     * What to send where.
     *
     * @param target path and query of the upsert request
     * @param skip rows of the file to leave out at its start
     * @param limit most rows to send after them
     * @param batch rows per request; {@code Long.MAX_VALUE} for one request
     * @param retries times in a row that the server may be tried again without any progress in between
     * @param patience longest silence of the server before the connection counts as lost
     * @param firstWait pause before the first retry; each further one is twice as long, up to {@link #MAX_WAIT}
     */
    record Plan(
            SourceFile file,
            FileFormat format,
            String idPrefix,
            URI base,
            String target,
            long skip,
            long limit,
            long batch,
            int retries,
            Duration patience,
            Duration firstWait) {}

    static final Duration MAX_WAIT = Duration.ofSeconds(15);

    /** Rows are gathered to this many bytes before they are written, to save system calls. */
    private static final int SEND_BYTES = 1 << 16;

    private final Plan plan;
    private final ImportState state;
    private final ImportProgress progress;
    private final Consumer<String> notices;

    private volatile long acknowledged; // of this import, earlier runs included; written by one thread at a time
    private boolean atEnd;
    private int attemptsWithoutProgress;

    /**
     * @param acknowledged rows that an earlier run has done
     * @param notices told, in one line each, of everything that delays the import
     */
    ImportJob(Plan plan, ImportState state, long acknowledged, ImportProgress progress, Consumer<String> notices) {
        this.plan = plan;
        this.state = state;
        this.acknowledged = acknowledged;
        this.progress = progress;
        this.notices = notices;
    }

    /** Rows acknowledged so far, earlier runs included. */
    long acknowledged() {
        return acknowledged;
    }

    /**
     * Runs to the end of the file.
     *
     * @throws CliException on a bad row, or a refusal that time does not cure
     */
    void run() throws IOException, InterruptedException {
        try {
            while (!atEnd && acknowledged < plan.limit) {
                long before = acknowledged;
                Upload.Outcome outcome = attempt();
                attemptsWithoutProgress = acknowledged > before ? 0 : attemptsWithoutProgress + 1;
                judge(outcome);
            }
        } catch (CliException | IOException e) {
            saveState();
            throw e;
        }
        state.delete();
    }

    private void saveState() {
        try {
            state.save(acknowledged);
        } catch (IOException e) {
            notices.accept("cannot write the progress file " + state.file() + ": " + e);
        }
    }

    private void judge(Upload.Outcome outcome) throws InterruptedException {
        switch (outcome) {
            case Upload.Outcome.Stored ignored -> {}
            case Upload.Outcome.Lost lost -> retry(ServiceClient.unreachable(plan.base, lost.cause()), lost.cause());
            case Upload.Outcome.Refused refused
            when refused.status() == 429 || refused.status() == 503 ->
                retry("the server is busy: " + describe(refused), null);
            case Upload.Outcome.Refused refused ->
                throw new CliException("the server refused a row or the request: " + describe(refused) + "; "
                        + Text.count(acknowledged) + " rows are stored");
        }
    }

    private static String describe(Upload.Outcome.Refused refused) {
        return "HTTP " + refused.status() + " - " + refused.error();
    }

    private void retry(String why, @Nullable Throwable cause) throws InterruptedException {
        if (attemptsWithoutProgress > plan.retries) {
            throw new CliException(
                    why + "; gave up after " + plan.retries + " retries, " + Text.count(acknowledged)
                            + " rows are stored; run the same command again to go on",
                    cause);
        }
        Duration wait = plan.firstWait.multipliedBy(1L << Math.min(20, Math.max(0, attemptsWithoutProgress - 1)));
        wait = wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait;
        notices.accept(why + "; going on after row " + Text.count(acknowledged) + " in " + wait.toMillis() + " ms");
        Thread.sleep(wait);
    }

    /** Reads the file from the first row not acknowledged, and sends requests until one does not end well. */
    private Upload.Outcome attempt() throws IOException, InterruptedException {
        try (SourceFile.Content content = plan.file.open();
                RecordReader reader = RecordReader.of(content, plan.format, plan.idPrefix)) {
            progress.reading(content);
            pass(reader, plan.skip + acknowledged);
            Upload.Outcome outcome;
            do {
                outcome = request(reader);
            } while (!atEnd && outcome instanceof Upload.Outcome.Stored);
            return outcome;
        } catch (BadRowException e) {
            throw new CliException(plan.file.path() + ": " + e.getMessage(), e);
        }
    }

    private static void pass(RecordReader reader, long rows) throws IOException {
        for (long i = 0; i < rows; i++) {
            if (!reader.skip()) {
                return;
            }
        }
    }

    /** Sends one request, unless there is no row left to send. */
    private Upload.Outcome request(RecordReader reader) throws IOException, InterruptedException {
        ByteArrayOutputStream pending = new ByteArrayOutputStream(2 * SEND_BYTES);
        if (!next(reader, pending)) {
            atEnd = true;
            return new Upload.Outcome.Stored(0);
        }
        long base = acknowledged;
        Upload upload;
        try {
            upload = Upload.open(plan.base, plan.target, plan.patience, rows -> acknowledge(base + rows));
        } catch (IOException e) {
            return new Upload.Outcome.Lost(e);
        }
        try (upload) {
            Sent sent = sendRows(upload, reader, pending, Math.min(plan.batch, plan.limit - base));
            Upload.Outcome outcome = upload.finish();
            if (outcome instanceof Upload.Outcome.Stored stored) {
                checkCount(stored.count(), sent.rows);
                acknowledge(base + sent.rows);
                atEnd = sent.end || acknowledged >= plan.limit;
            }
            if (sent.bad != null && !isRetryable(outcome)) {
                throw withRowsBefore(sent.bad);
            }
            return outcome;
        }
    }

    private boolean next(RecordReader reader, ByteArrayOutputStream pending) throws IOException {
        try {
            return reader.next(pending);
        } catch (BadRowException e) {
            throw withRowsBefore(e);
        }
    }

    private BadRowException withRowsBefore(BadRowException bad) {
        return new BadRowException(
                bad.getMessage() + "; the " + Text.count(acknowledged) + " rows before it are stored", bad);
    }

    /**
     * What became of the rows of one request.
     *
     * @param bad the row that ended it early, if one did
     */
    private record Sent(long rows, boolean end, @Nullable BadRowException bad) {}

    /** Sends the row in {@code pending} and those that follow it. */
    private Sent sendRows(Upload upload, RecordReader reader, ByteArrayOutputStream pending, long most)
            throws IOException {
        long rows = 1;
        boolean end = false;
        boolean open = true;
        try {
            while (open && rows < most && !end) {
                end = !reader.next(pending);
                rows += end ? 0 : 1;
                if (pending.size() >= SEND_BYTES) {
                    open = send(upload, pending);
                }
            }
        } catch (BadRowException bad) {
            send(upload, pending);
            return new Sent(rows, false, bad);
        }
        send(upload, pending);
        return new Sent(rows, end, null);
    }

    private boolean send(Upload upload, ByteArrayOutputStream pending) {
        boolean open = upload.send(pending);
        progress.sent(pending.size());
        pending.reset();
        return open;
    }

    private static boolean isRetryable(Upload.Outcome outcome) {
        return switch (outcome) {
            case Upload.Outcome.Stored ignored -> false;
            case Upload.Outcome.Lost ignored -> true;
            case Upload.Outcome.Refused refused -> refused.status() == 429 || refused.status() == 503;
        };
    }

    private static void checkCount(long stored, long sent) {
        if (stored != sent) {
            throw new CliException("the server reports " + stored + " rows stored, " + sent + " were sent");
        }
    }

    private void acknowledge(long rows) {
        acknowledged = rows;
        progress.acknowledged(rows);
        try {
            state.note(rows);
        } catch (IOException e) {
            notices.accept("cannot write the progress file " + state.file() + ": " + e);
        }
    }
}
