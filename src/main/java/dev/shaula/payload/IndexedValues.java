package dev.shaula.payload;

import dev.shaula.model.FieldIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The values of one slot in one row, as an index of a kind keeps them; reused from row to row. */
final class IndexedValues {
    private final FieldIndex.Kind kind;
    private final List<byte[]> terms = new ArrayList<>();
    private long[] keys = new long[4];
    private double[] lons = new double[4];
    private int keyCount;
    private boolean found;
    private boolean hasNull;
    private boolean hasOther;

    IndexedValues(FieldIndex.Kind kind) {
        this.kind = kind;
    }

    void clear(boolean nowFound) {
        terms.clear();
        keyCount = 0;
        hasNull = false;
        hasOther = false;
        found = nowFound;
    }

    void add(Scalar scalar) {
        switch (scalar.kind()) {
            case NULL -> hasNull = true;
            case TEXT -> addText(scalar);
            case NUMBER -> {
                if (kind == FieldIndex.Kind.INTEGER || kind == FieldIndex.Kind.FLOAT) {
                    addKey(KeyPostings.keyOf(scalar.number()), 0);
                } else {
                    hasOther = true;
                }
            }
            case BOOL -> {
                if (kind == FieldIndex.Kind.BOOLEAN) {
                    addKey(scalar.bool() ? 1 : 0, 0);
                } else {
                    hasOther = true;
                }
            }
        }
    }

    private void addText(Scalar scalar) {
        switch (kind) {
            case KEYWORD -> terms.add(Terms.encode(scalar.text()));
            case TEXT -> scalar.words().forEach(word -> terms.add(Terms.encode(word)));
            case DATETIME -> {
                if (scalar.micros() != Times.NONE) {
                    addKey(scalar.micros(), 0);
                } else {
                    hasOther = true;
                }
            }
            case INTEGER, FLOAT, BOOLEAN, GEO -> hasOther = true;
        }
    }

    void addPlace(double lat, double lon) {
        if (kind == FieldIndex.Kind.GEO) {
            addKey(KeyPostings.keyOf(lat), lon);
        }
    }

    private void addKey(long key, double lon) {
        if (keyCount == keys.length) {
            keys = Arrays.copyOf(keys, 2 * keyCount);
            lons = Arrays.copyOf(lons, 2 * keyCount);
        }
        keys[keyCount] = key;
        lons[keyCount++] = lon;
    }

    boolean found() {
        return found;
    }

    boolean hasNull() {
        return hasNull;
    }

    /** Whether there is a scalar that an index of this kind does not know. */
    boolean hasOther() {
        return hasOther;
    }

    List<byte[]> terms() {
        return terms;
    }

    int keyCount() {
        return keyCount;
    }

    long key(int i) {
        return keys[i];
    }

    double lon(int i) {
        return lons[i];
    }
}
