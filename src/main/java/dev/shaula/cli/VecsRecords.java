package dev.shaula.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A TEXMEX file as upsert records: the id of a row is its number, from 0, in decimal. */
final class VecsRecords implements RecordReader {
    private final VecsReader reader;
    private final byte[] start;
    private final StringBuilder line = new StringBuilder();

    VecsRecords(VecsReader reader, String idPrefix) {
        this.reader = reader;
        String quoted = Json.quote(idPrefix);
        this.start = ("{\"id\":" + quoted.substring(0, quoted.length() - 1)).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean next(ByteArrayOutputStream out) throws IOException {
        if (!reader.next()) {
            return false;
        }
        line.setLength(0);
        line.append(reader.row()).append("\",\"vector\":[");
        appendComponents();
        line.append("]}\n");
        out.writeBytes(start);
        // Digits and punctuation only, so one byte a character: the copy is a plain memory copy.
        out.writeBytes(line.toString().getBytes(StandardCharsets.ISO_8859_1));
        return true;
    }

    private void appendComponents() throws BadRowException {
        boolean integers = reader.format() == FileFormat.BVECS;
        for (int i = 0; i < reader.dimensions(); i++) {
            if (i > 0) {
                line.append(',');
            }
            if (integers) {
                line.append(reader.integer(i));
            } else {
                appendFloat(i);
            }
        }
    }

    private void appendFloat(int i) throws BadRowException {
        float f = reader.component(i);
        if (!Float.isFinite(f)) {
            throw new BadRowException(position() + ": component " + i + " is " + f + ", expected a finite number");
        }
        Json.append(line, f);
    }

    @Override
    public boolean skip() throws IOException {
        return reader.next();
    }

    @Override
    public int dimensions() {
        return reader.dimensions();
    }

    @Override
    public String position() {
        return "row " + reader.row();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
