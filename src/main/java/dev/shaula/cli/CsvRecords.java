package dev.shaula.cli;

import dev.shaula.model.Limits;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * A CSV file as upsert records. The header names the columns: {@code id}; the vector, either one column {@code vector}
 * (a JSON array, or numbers separated by spaces) or columns {@code v0}, {@code v1}, ...; every other column is
 * metadata. A metadata cell that is a JSON number is stored as a number, {@code true} and {@code false} as booleans, an
 * empty cell not at all, anything else as text; so {@code 007} stays text.
 */
final class CsvRecords implements RecordReader {
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
    private static final Pattern COMPONENT = Pattern.compile("v(0|[1-9][0-9]{0,5})");
    private static final Pattern GAP = Pattern.compile("[\\s,]+");

    private final InputStream in;
    private final String idPrefix;
    private final StringBuilder line = new StringBuilder();
    private @Nullable CsvParser parser;
    private @Nullable Columns columns;
    private int dimensions;

    CsvRecords(InputStream in, String idPrefix) {
        this.in = in;
        this.idPrefix = idPrefix;
    }

    /**
     * What the header says: indexes of columns.
     *
     * @param vector the column of whole vectors, or -1
     * @param components the columns of v0, v1, ...; empty if there is a column of whole vectors
     */
    private record Columns(List<String> names, int id, int vector, List<Integer> components, List<Integer> metadata) {}

    @Override
    public boolean next(ByteArrayOutputStream out) throws IOException {
        List<String> cells = nextRow();
        if (cells == null || columns == null) {
            return false;
        }
        line.setLength(0);
        line.append("{\"id\":").append(Json.quote(idPrefix + id(cells, columns)));
        line.append(",\"vector\":[");
        appendVector(cells, columns);
        line.append(']');
        appendMetadata(cells, columns);
        out.writeBytes(line.append("}\n").toString().getBytes(StandardCharsets.UTF_8));
        return true;
    }

    private @Nullable List<String> nextRow() throws IOException {
        try {
            if (parser == null) {
                parser = new CsvParser(in);
                columns = readHeader(parser.next());
            }
            List<String> cells = parser.next();
            if (cells != null && columns != null && cells.size() != columns.names.size()) {
                throw bad("expected " + columns.names.size() + " fields as in the header, got " + cells.size());
            }
            return cells;
        } catch (EOFException e) {
            throw new BadRowException("after " + position() + ": the gzip data end, the file is truncated", e);
        } catch (ZipException e) {
            throw new BadRowException("after " + position() + ": the gzip data are damaged: " + e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw new BadRowException("after " + position() + ": bytes that are not UTF-8", e);
        }
    }

    private @Nullable Columns readHeader(@Nullable List<String> names) throws BadRowException {
        if (names == null) {
            return null;
        }
        Set<String> seen = new HashSet<>();
        List<Integer> metadata = new ArrayList<>();
        int componentCount = 0;
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (!seen.add(name)) {
                throw bad("the header names the column \"" + name + "\" twice");
            }
            if (COMPONENT.matcher(name).matches()) {
                componentCount++;
            } else if (!name.equals("id") && !name.equals("vector")) {
                metadata.add(i);
            }
        }
        int id = names.indexOf("id");
        int vector = names.indexOf("vector");
        if (id < 0 || (vector < 0) == (componentCount == 0)) {
            throw bad("the header must name a column id, and either a column vector or columns v0, v1, ...; got "
                    + Text.shorten(String.join(",", names), 80));
        }
        return new Columns(names, id, vector, components(names, componentCount), metadata);
    }

    private List<Integer> components(List<String> names, int count) throws BadRowException {
        List<Integer> columnOf = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int column = names.indexOf("v" + i);
            if (column < 0) {
                throw bad("the header has " + count + " columns of components, but no v" + i);
            }
            columnOf.add(column);
        }
        return columnOf;
    }

    private String id(List<String> cells, Columns c) throws BadRowException {
        String id = cells.get(c.id);
        if (id.isEmpty()) {
            throw bad("the id is empty");
        }
        return id;
    }

    private void appendVector(List<String> cells, Columns c) throws BadRowException {
        if (c.vector >= 0) {
            appendWholeVector(cells.get(c.vector).strip());
            return;
        }
        for (int i = 0; i < c.components.size(); i++) {
            appendComponent(i, cells.get(c.components.get(i)).strip());
        }
        checkLength(c.components.size());
    }

    private void appendWholeVector(String cell) throws BadRowException {
        boolean array = cell.startsWith("[") && cell.endsWith("]");
        String inner = array ? cell.substring(1, cell.length() - 1).strip() : cell;
        if (inner.isEmpty()) {
            throw bad("vector: expected a JSON array or numbers separated by spaces, got nothing");
        }
        String[] numbers = GAP.split(inner, -1);
        for (int i = 0; i < numbers.length; i++) {
            appendComponent(i, numbers[i]);
        }
        checkLength(numbers.length);
    }

    private void appendComponent(int i, String text) throws BadRowException {
        if (i > 0) {
            line.append(',');
        }
        float f = parseFloat(text);
        if (!Float.isFinite(f)) {
            throw bad("vector: component " + i + ": expected a finite number, got \"" + Text.shorten(text, 40) + "\"");
        }
        Json.append(line, f);
    }

    private static float parseFloat(String text) {
        try {
            return Float.parseFloat(text);
        } catch (NumberFormatException e) {
            return Float.NaN;
        }
    }

    private void checkLength(int length) throws BadRowException {
        if (length > Limits.MAX_DIMENSIONS) {
            throw bad("vector: expected at most " + Limits.MAX_DIMENSIONS + " numbers, got " + length);
        }
        if (dimensions != 0 && length != dimensions) {
            throw bad("vector: expected " + dimensions + " numbers as in the rows before, got " + length);
        }
        dimensions = length;
    }

    private void appendMetadata(List<String> cells, Columns c) {
        String separator = ",\"metadata\":{";
        for (int column : c.metadata) {
            String cell = cells.get(column);
            if (!cell.isEmpty()) {
                line.append(separator).append(Json.quote(c.names.get(column))).append(':');
                line.append(typed(cell));
                separator = ",";
            }
        }
        if (separator.length() == 1) {
            line.append('}');
        }
    }

    private static String typed(String cell) {
        boolean number = NUMBER.matcher(cell).matches() && Double.isFinite(Double.parseDouble(cell));
        return number || cell.equals("true") || cell.equals("false") ? cell : Json.quote(cell);
    }

    private BadRowException bad(String what) {
        return new BadRowException(position() + ": " + what);
    }

    @Override
    public boolean skip() throws IOException {
        return nextRow() != null;
    }

    @Override
    public int dimensions() {
        return dimensions;
    }

    @Override
    public String position() {
        return "line " + (parser == null ? 1 : parser.line());
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
