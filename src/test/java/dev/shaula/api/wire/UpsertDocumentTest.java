package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.Ack;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UpsertDocumentTest {
    /** A collection "two" of two dimensions; every other name is free. */
    private static final Dimensions ONLY_TWO = name -> name.equals("two") ? 2 : 0;

    @Test
    void shouldReadFieldsInAnyOrder() {
        UpsertRequest request = read("{'vectors':[{'metadata':{'a':[1,{'b':null}],'c':1.50},'values':[1,-0.0],'id':7}],"
                + "'unknown':{'x':[1,2,{}]},'ack':'durable','collection':'two'}");

        Point point = request.points().getFirst();
        assertThat(request.collection()).isEqualTo("two");
        assertThat(request.ack()).isEqualTo(Ack.DURABLE);
        assertThat(point.id()).isEqualTo("7");
        assertThat(point.vector()).containsExactly(1f, -0f);
        assertThat(point.metadata()).hasToString("{\"a\":[1,{\"b\":null}],\"c\":1.50}");
    }

    @Test
    void shouldReadOneBareRecord() {
        UpsertRequest request = read("{'id':'a','vector':[1e-07,2],'collection':'two'}");

        assertThat(request.bare()).isTrue();
        assertThat(request.points())
                .singleElement()
                .satisfies(p -> assertThat(p.vector()).containsExactly(1e-07f, 2f));
    }

    @Test
    void shouldPreferVectorToValues() {
        assertThat(read("{'vectors':[{'id':'a','values':[3,4],'vector':[1,2]}]}")
                        .points()
                        .getFirst()
                        .vector())
                .containsExactly(1f, 2f);
    }

    @Test
    void shouldKeepMetadataOfEachRowApart() {
        UpsertRequest request = read("{'vectors':[{'id':'a','vector':[1],'metadata':{'x':1}},{'id':'b','vector':[1]},"
                + "{'id':'c','vector':[1],'metadata':{}},{'id':'d','vector':[1],'metadata':null}]}");

        assertThat(request.points())
                .extracting(p -> p.metadata().toString())
                .containsExactly("{\"x\":1}", "{}", "{}", "{}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'vectors':[{'id':'a','vector':[1,2]},{'id':'b','vector':[1,null]}]} | vectors[1].vector[1]: expected a finite number, got null",
                "{'vectors':[{'id':'a','vector':[1,'2']}]} | vectors[0].vector[1]: expected a finite number, got \"2\"",
                "{'vectors':[{'id':'a','vector':[1,1e39]}]} | vectors[0].vector[1]: expected a finite number, got 1e39",
                "{'vectors':[{'id':'a','vector':[1,[2]]}]} | vectors[0].vector[1]: expected a finite number, got a list",
                "{'vectors':[{'id':'a','vector':{}}]} | vectors[0].vector: expected a list of numbers, got an object",
                "{'vectors':[{'id':'a','vector':null}]} | vectors[0].vector: expected a list of numbers, got null",
                "{'vectors':[{'id':'a','vector':[]}]} | vectors[0].vector: expected 1 to 65535 numbers, got an empty list",
                "{'vectors':[{'id':'a'}]} | vectors[0].vector: expected a list of numbers, got nothing",
                "{'vectors':[{'vector':[1]}]} | vectors[0].id: expected a string, got nothing",
                "{'vectors':[{'id':null,'vector':[1]}]} | vectors[0].id: expected a string or an integer, got null",
                "{'vectors':[{'id':1.5,'vector':[1]}]} | vectors[0].id: expected a string or an integer, got 1.5",
                "{'vectors':[{'id':'','vector':[1]}]} | vectors[0].id: expected 1 to 1024 bytes of UTF-8, got 0",
                "{'vectors':[{'id':'\\ud800','vector':[1]}]} | vectors[0].id: expected text of whole characters, got half a surrogate pair",
                "{'vectors':[{'id':'a','vector':[1],'metadata':[1]}]} | vectors[0].metadata: expected an object, got a list",
                "{'vectors':[{'id':'a','vector':[1],'metadata':{'x':1,'x':2}}]} | vectors[0].metadata.x: the name \"x\" occurs twice in one object",
                "{'vectors':[7]} | vectors[0]: expected a record, got 7",
                "{'vectors':{}} | vectors: expected a list of records, got an object",
                "{'vectors':[]} | vectors: expected at least one record, got an empty list",
                "{'vectors':[{'id':'a','vector':[1]}],'vectors':[]} | vectors: given twice",
                "{} | vectors: expected a list of records, got nothing",
                "[] | body: expected a JSON object, got a list",
                "{'collection':7} | collection: expected a string, got 7",
                "{'ack':'never'} | ack: expected \"durable\" or \"indexed\", got \"never\"",
                "{'collection':'two','vectors':[{'id':'a','vector':[1,2]},{'id':'b','vector':[1]}]} | vectors[1].vector: expected 2 numbers, got 1",
                "{'vectors':[{'id':'a','vector':[1,2,3]}],'collection':'two'} | vectors[0].vector: expected 2 numbers, got 3",
                "{'vectors':[{'id':'a','vector':[1]},{'id':'b','vector':[1,2]}]} | vectors[1].vector: expected 1 numbers, got 2",
                "{'id':'a','vector':[1],'collection':'two'} | vector: expected 2 numbers, got 1",
            })
    void shouldRefuseNamingThePlace(String json, String message) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOfSatisfying(
                        VectorDbException.class, e -> assertThat(e.kind()).isEqualTo(VectorDbException.Kind.INVALID))
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "{'vectors':[{'id':'a','vector':[1",
                "{'vectors':[{'id':'a','vector':[NaN]}]}",
                "{'vectors':[{'id':'a','vector':[1]}]} {}",
                "{]",
                "nul",
                "{'vectors':[{'id':'a','vector':[01]}]}",
                "{'vectors':[{'id':'a','vector':[1,]}]}",
                "{'vectors' [",
                "<xml/>"
            })
    void shouldRefuseBrokenJsonInOneLine(String json) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(VectorDbException.class)
                .hasMessageNotContainingAny("\n", "Source:");
    }

    @Test
    void shouldRefuseAnIdOf70Kilobytes() {
        assertThatThrownBy(() -> read("{'vectors':[{'id':'" + "x".repeat(70_000) + "','vector':[1]}]}"))
                .hasMessage("vectors[0].id: expected 1 to 1024 bytes of UTF-8, got 70000");
    }

    @Test
    void shouldRefuseMetadataThatIsTooLongOrTooDeep() {
        assertThatThrownBy(() -> read("{'id':'a','vector':[1],'metadata':{'x':'" + "y".repeat(66_000) + "'}}"))
                .hasMessageContaining("metadata")
                .hasMessageContaining("65536");
        assertThatThrownBy(
                        () -> read("{'id':'a','vector':[1],'metadata':{'x':" + "[".repeat(40) + "]".repeat(40) + "}}"))
                .hasMessageContaining("metadata")
                .hasMessageContaining("32 levels");
    }

    static UpsertRequest read(String json) {
        UpsertDocument document = new UpsertDocument(ONLY_TWO);
        byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        document.feed(bytes, 0, bytes.length);
        return document.finish();
    }
}
