package dev.shaula.cli;

import dev.shaula.model.Ack;
import dev.shaula.model.Metric;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Stream a file of vectors into a collection of a running service.",
            "",
            "The file is read only as fast as the service accepts; a row counts once the service has acknowledged it."
                    + " Rows are upserts by id, so a file may be imported again. If the import is cut short, the same"
                    + " command goes on after the last acknowledged row."
        },
        footer = {
            "",
            "Formats (each may be gzipped):",
            "  fvecs, bvecs  TEXMEX vectors; the id of a row is its number, from 0",
            "  ndjson        on each line {\"id\": \"a\", \"vector\": [0.1, 0.2], \"metadata\": {}}",
            "  csv           a header with id, and either vector (a JSON array, or numbers",
            "                separated by spaces) or v0, v1, ...; other columns are metadata"
        })
final class ImportCommand implements Callable<Integer> {
    private static final Duration FIRST_WAIT = Duration.ofMillis(500);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "FILE", description = "The file to import.")
    private Path path = Path.of("");

    @Option(
            names = {"-c", "--collection"},
            required = true,
            paramLabel = "NAME",
            description = "Where to; created with the dimensions of the first row if it does not exist.")
    private String collection = "";

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "fvecs, bvecs, ndjson, csv, or auto: by the name of the file (default: auto).",
            converter = FormatConverter.class)
    private @Nullable FileFormat format;

    @Mixin
    private CollectionsCommand.ShapeOptions shape = new CollectionsCommand.ShapeOptions();

    @Option(
            names = "--skip",
            paramLabel = "N",
            defaultValue = "0",
            description = "Leave out the first N rows; ids still count from the start of the file.")
    private long skip;

    @Option(names = "--limit", paramLabel = "N", description = "Import at most N rows (default: all).")
    private long limit = Long.MAX_VALUE;

    @Option(names = "--id-prefix", paramLabel = "TEXT", defaultValue = "", description = "Put TEXT before every id.")
    private String idPrefix = "";

    @Option(
            names = "--ack",
            paramLabel = "WHEN",
            defaultValue = "indexed",
            description = "A row is acknowledged when it is durable, or durable and indexed, so that searches find it"
                    + " (default: ${DEFAULT-VALUE}).")
    private Ack ack = Ack.INDEXED;

    @Option(
            names = "--batch",
            paramLabel = "ROWS",
            description =
                    "Rows per request, for proxies that limit a request (default: the whole file is one request).")
    private long batch = Long.MAX_VALUE;

    @Option(
            names = "--retries",
            paramLabel = "N",
            defaultValue = "8",
            description = "Tries in a row, without progress, after a lost connection or an overloaded service"
                    + " (default: ${DEFAULT-VALUE}).")
    private int retries = 8;

    @Option(
            names = "--resume",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Go on after the rows of an earlier run of the same import (default: yes).")
    private boolean resume = true;

    @Option(
            names = "--state-dir",
            paramLabel = "DIR",
            description = "Where to keep how far an import has come (default: ~/.cache/shaula/imports).")
    private Path stateDir = ImportState.defaultDirectory();

    @Option(
            names = "--progress",
            paramLabel = "STYLE",
            defaultValue = "auto",
            description = "auto, bar, lines or none (default: ${DEFAULT-VALUE}: a bar on a terminal).")
    private ImportProgress.Style progressStyle = ImportProgress.Style.AUTO;

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkOptions();
        SourceFile file = SourceFile.of(path);
        FileFormat fileFormat = format == null ? file.formatByName() : format;
        int dimensions = dimensionsOfFirstRow(file, fileFormat);
        try (ServiceClient client = server.client()) {
            Map<String, @Nullable Object> info = openCollection(client, dimensions);
            ImportState state = new ImportState(stateDir, target(file), identity(file, fileFormat, info));
            long done = resume ? Math.min(state.load(), limit) : 0;
            if (done > 0) {
                err().println("going on after the " + Text.count(done) + " rows of an earlier run (" + state.file()
                        + "); --no-resume starts over");
            }
            ImportProgress progress = new ImportProgress(err(), progressStyle, file, limit, done);
            ImportJob job = new ImportJob(plan(file, fileFormat), state, done, progress, progress::notice);
            try (progress) {
                progress.start();
                run(job, state);
            }
            summarise(job, progress, done, client.require(collection));
        }
        return 0;
    }

    private void checkOptions() {
        checkPositive("--limit", limit);
        checkPositive("--batch", batch);
        if (skip < 0 || retries < 0) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--skip and --retries: expected 0 or more, got " + Math.min(skip, retries));
        }
    }

    private void checkPositive(String option, long value) {
        if (value < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), option + ": expected 1 or more, got " + value);
        }
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }

    private static int dimensionsOfFirstRow(SourceFile file, FileFormat format) throws IOException {
        try (RecordReader reader = RecordReader.of(file.open(), format, "")) {
            if (!reader.next(new ByteArrayOutputStream())) {
                throw new CliException(file.path() + ": holds no rows, nothing to import");
            }
            return reader.dimensions();
        } catch (BadRowException e) {
            throw new CliException(file.path() + ": " + e.getMessage(), e);
        }
    }

    private Map<String, @Nullable Object> openCollection(ServiceClient client, int dimensions) {
        Map<String, @Nullable Object> info = client.describe(collection);
        if (info == null) {
            client.post("/collections", shape.createRequest(collection, dimensions));
            info = client.require(collection);
            err().println("created collection \"" + collection + "\": " + dimensions + " dimensions, metric "
                    + info.getOrDefault("metric", "cosine"));
        }
        checkSame("dimensions", info.get("dimensions"), dimensions, path + " has " + dimensions);
        Metric metric = shape.metric();
        if (metric != null) {
            checkSame("metric", info.get("metric"), metric.wireName(), "--metric asks for " + metric.wireName());
        }
        return info;
    }

    private void checkSame(String what, @Nullable Object exists, Object wanted, String who) {
        if (exists != null && !exists.toString().equals(wanted.toString())) {
            throw new CliException("collection \"" + collection + "\" has " + what + " " + exists + ", " + who);
        }
    }

    private String target(SourceFile file) {
        return file.path().toAbsolutePath().normalize() + "\n" + server.url() + "\n" + collection;
    }

    /** A collection that was deleted and made again has another time of creation, and none of the rows. */
    private SortedMap<String, String> identity(
            SourceFile file, FileFormat fileFormat, Map<String, @Nullable Object> info) {
        SortedMap<String, String> identity = new TreeMap<>();
        identity.put("file", file.path().toAbsolutePath().normalize().toString());
        identity.put("size", Long.toString(file.size()));
        identity.put("modified", Long.toString(file.modifiedMillis()));
        identity.put("url", server.url().toString());
        identity.put("collection", collection);
        identity.put("collection_created", String.valueOf(info.get("created_at")));
        identity.put("format", fileFormat.toString());
        identity.put("skip", Long.toString(skip));
        identity.put("id_prefix", idPrefix);
        return identity;
    }

    private ImportJob.Plan plan(SourceFile file, FileFormat fileFormat) {
        String target = "/vectors/upsert?collection=" + ServiceClient.encode(collection) + "&ack="
                + ack.name().toLowerCase(Locale.ROOT);
        return new ImportJob.Plan(
                file,
                fileFormat,
                idPrefix,
                server.url(),
                target,
                skip,
                limit,
                batch,
                retries,
                server.timeout(),
                FIRST_WAIT);
    }

    /** Runs the job; if the process is told to stop meanwhile, how far it came is saved first. */
    private void run(ImportJob job, ImportState state) throws IOException, InterruptedException {
        Thread lastWords = new Thread(() -> stopped(job, state));
        Runtime.getRuntime().addShutdownHook(lastWords);
        try {
            job.run();
        } finally {
            Runtime.getRuntime().removeShutdownHook(lastWords);
        }
    }

    private void stopped(ImportJob job, ImportState state) {
        try {
            state.save(job.acknowledged());
        } catch (IOException e) {
            err().println("cannot write the progress file " + state.file() + ": " + e.getMessage());
        }
        err().println();
        err().println("stopped; " + Text.count(job.acknowledged())
                + " rows are stored, run the same command again to go on");
        err().flush();
    }

    private void summarise(ImportJob job, ImportProgress progress, long earlier, Map<String, @Nullable Object> info) {
        long rows = job.acknowledged() - earlier;
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                Locale.ROOT,
                "imported %s rows in %.1f s: %s rows/s, %s sent%n",
                Text.count(rows),
                progress.seconds(),
                Text.count(Math.round(progress.rate())),
                Text.bytes(progress.sentBytes()));
        out.printf(
                Locale.ROOT,
                "acknowledged (%s): %s rows; collection \"%s\" now holds %s vectors%n",
                ack.name().toLowerCase(Locale.ROOT),
                Text.count(job.acknowledged()),
                collection,
                info.get("vector_count") instanceof Number n ? Text.count(n.longValue()) : "?");
        out.flush();
    }

    static final class FormatConverter implements CommandLine.ITypeConverter<@Nullable FileFormat> {
        @Override
        public @Nullable FileFormat convert(String value) {
            if (value.equalsIgnoreCase("auto")) {
                return null;
            }
            return FileFormat.ofName("." + value)
                    .filter(f -> f != FileFormat.IVECS)
                    .orElseThrow(() -> new CommandLine.TypeConversionException(
                            "expected auto, fvecs, bvecs, ndjson or csv, got \"" + value + "\""));
        }
    }
}
