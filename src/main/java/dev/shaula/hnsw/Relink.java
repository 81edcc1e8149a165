package dev.shaula.hnsw;

/** Gives a node of level 0 that nothing leads to edges from nodes near to it, and edges of its own if it has few. */
final class Relink {
    private static final int LINKS = 4;

    private Relink() {}

    /** @param near nodes that can be reached, nearest first */
    static void from(int[] near, int node, EdgePages edges) {
        int links = 0;
        for (int i = 0; i < near.length && links < LINKS; i++) {
            if (edges.addIfRoom(near[i], 0, node)) {
                links++;
            }
        }
        if (links == 0 && near.length > 0) {
            replaceSpare(near[0], node, edges);
        }
        int most = edges.capacity(0) / 2;
        for (int i = 0; i < near.length && edges.count(node, 0) < most; i++) {
            edges.addIfRoom(node, 0, near[i]);
        }
    }

    /** In a full list, takes the place of the last neighbour that another neighbour leads to, or of the last. */
    private static void replaceSpare(int host, int node, EdgePages edges) {
        int[] list = edges.read(host, 0);
        int spare = list.length - 1;
        for (int i = list.length - 1; i >= 0; i--) {
            if (isLedToByAnother(list, i, edges)) {
                spare = i;
                break;
            }
        }
        list[spare] = node;
        edges.write(host, 0, list);
    }

    private static boolean isLedToByAnother(int[] list, int i, EdgePages edges) {
        for (int other : list) {
            if (other != list[i] && edges.contains(other, 0, list[i])) {
                return true;
            }
        }
        return false;
    }
}
