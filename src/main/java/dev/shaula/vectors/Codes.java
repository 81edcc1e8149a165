package dev.shaula.vectors;

/** Codes of the first rows, made from the rows alone. One thread makes room; different threads may encode different rows. */
interface Codes {

    /** Rows below this have room; those that were encoded have codes. */
    int count();

    /** Makes room for the rows below {@code end}; they are to be encoded before anybody reads them. */
    void reach(int end);

    /** Encodes one row for which there is room. */
    void encode(FloatRows.View rows, int ordinal, CodeScratch scratch);
}
