package dev.shaula.payload;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The places where the fields of a filter may stand, by key. A field has up to four <em>slots</em>, tried in this order:
 * its name as it is, its name without a leading {@code metadata.}, and both with their dots as nesting. The first one
 * that the metadata has decides, whatever the others hold.
 */
final class FieldTrie {
    private static final String PREFIX = "metadata.";

    final Node root = new Node();
    private int slots;

    /** What is known at one place below the root; immutable once the filter is compiled. */
    static final class Node {
        private final Map<String, Node> children = new HashMap<>();
        private int[] slots = {};
        private int[] slotsFromHere = {};

        @Nullable
        Node child(String key) {
            return children.get(key);
        }

        boolean hasChildren() {
            return !children.isEmpty();
        }

        /** Slots of fields that mean this very place. */
        int[] slots() {
            return slots;
        }

        /** These, and those of all places below. */
        int[] slotsFromHere() {
            return slotsFromHere;
        }
    }

    /** Adds the places of {@code field}; returns its slots, the first to be tried first. */
    int[] add(String field) {
        List<List<String>> places = new ArrayList<>();
        String bare = field.startsWith(PREFIX) ? field.substring(PREFIX.length()) : field;
        for (String name : bare.equals(field) ? List.of(field) : List.of(field, bare)) {
            places.add(List.of(name));
        }
        for (String name : bare.equals(field) ? List.of(field) : List.of(field, bare)) {
            if (name.indexOf('.') >= 0) {
                places.add(List.of(name.split("\\.", -1)));
            }
        }
        int[] own = new int[places.size()];
        for (int i = 0; i < own.length; i++) {
            own[i] = slots++;
            insert(places.get(i), own[i]);
        }
        return own;
    }

    private void insert(List<String> place, int slot) {
        Node node = root;
        for (String key : place) {
            node = node.children.computeIfAbsent(key, k -> new Node());
            node.slotsFromHere = with(node.slotsFromHere, slot);
        }
        node.slots = with(node.slots, slot);
    }

    private static int[] with(int[] slots, int slot) {
        int[] more = Arrays.copyOf(slots, slots.length + 1);
        more[slots.length] = slot;
        return more;
    }

    /** Slots given out so far, numbered from 0. */
    int slotCount() {
        return slots;
    }
}
