package dev.shaula.doors;

import java.nio.ByteBuffer;

/** One way into the server: how a query is encoded, and what a connection says around it. */
interface Door {
    String name();

    /**
     * The whole request of one query, encoded once and asked often.
     *
     * @param vector in the order and precision of the set
     * @param k results wanted
     * @param ef candidates kept by the walk
     */
    ByteBuffer query(float[] vector, int k, int ef);

    Conversation open();

    /** The ids in the body of an answer, closest first; ids are numbers of rows. */
    int[] ids(ByteBuffer answer);
}
