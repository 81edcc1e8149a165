package dev.shaula.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** NDJSON and CSV files as upsert records. */
class TextRecordsTest {

    @Test
    void shouldPassNdjsonLinesOnByteForByteWithoutBlankOnes() throws IOException {
        String file = "{\"id\":\"ä\",\"vector\":[1,2.50]}\r\n\n  \n{ \"vector\" : [-0.0,1e-7], \"id\" : 7 }";
        assertThat(ndjson(file, "")).isEqualTo("""
                        {"id":"ä","vector":[1,2.50]}
                        { "vector" : [-0.0,1e-7], "id" : 7 }
                        """);
    }

    @Test
    void shouldPutThePrefixBeforeIdsOfEveryForm() throws IOException {
        assertThat(ndjson("{\"id\":\"ä\\\"b\",\"vector\":[1]}", "p\"/"))
                .isEqualTo("{\"id\":\"p\\\"/ä\\\"b\",\"vector\":[1]}\n");
        assertThat(ndjson("{\"vector\":[1], \"id\" : 70 ,\"metadata\":{\"id\":1}}\n", "p/"))
                .isEqualTo("{\"vector\":[1], \"id\" : \"p/70\" ,\"metadata\":{\"id\":1}}\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[1]                              | expected a JSON object",
                "{'id':'a'}                       | the field vector is missing",
                "{'vector':[1,2]}                 | the field id is missing",
                "{'id':1.5,'vector':[1,2]}        | id: expected a string or an integer",
                "{'id':null,'vector':[1,2]}       | id: expected a string or an integer",
                "{'id':'a','vector':[1]}          | vector: expected 2 numbers as in the lines before, got 1",
                "{'id':'a','vector':[]}           | vector: expected 1 to 65535 numbers, got 0",
                "{'id':'a','vector':[1,null]}     | vector: element 1: expected a number, got null",
                "{'id':'a','vector':[1,'2']}      | vector: element 1: expected a number, got 2",
                "{'id':'a','vector':[1,NaN]}      | not valid JSON",
                "{'id':'a','vector':'x'}          | vector: expected an array of numbers",
                "{'id':'a','vector':[1,2]         | not valid JSON",
                "{'id':'a','vector':[1,2]} {}     | expected one record a line",
                "{'id':'a','vector':[1,2],'x':1}  | unknown field \"x\"",
                "{'id':'a','vector':[1,2],'metadata':[]} | metadata: expected an object",
            })
    void shouldNameTheLineOfABadNdjsonRecord(String line, String message) {
        String file = "{\"id\":\"ok\",\"vector\":[1,2]}\n\n" + line.replace('\'', '"') + "\n";
        assertThatThrownBy(() -> ndjson(file, ""))
                .isInstanceOf(BadRowException.class)
                .hasMessageStartingWith("line 3: " + message);
    }

    @Test
    void shouldRefuseALineWithoutEndInsteadOfHoldingIt() {
        byte[] endless = new byte[NdjsonRecords.MAX_LINE_BYTES + 1];
        RecordReader reader = new NdjsonRecords(new ByteArrayInputStream(endless), "");
        assertThatThrownBy(() -> reader.next(new ByteArrayOutputStream()))
                .isInstanceOf(BadRowException.class)
                .hasMessageContaining("line 1: longer than 16777216 bytes");
    }

    @Test
    void shouldTypeTheMetadataOfCsv() throws IOException {
        String file = "id,name,price,zip,sold,vector\r\n"
                + "a,\"Käse, \"\"alt\"\"\",1.50,007,true,\"[1, 2.5]\"\n"
                + "\n"
                + "7,\"two\nlines\",-3e2,,false,0.5 -1\n";
        assertThat(csv(file, "")).isEqualTo("""
                        {"id":"a","vector":[1,2.5],"metadata":{"name":"Käse, \\"alt\\"","price":1.50,"zip":"007","sold":true}}
                        {"id":"7","vector":[0.5,-1],"metadata":{"name":"two\\nlines","price":-3e2,"sold":false}}
                        """);
    }

    @Test
    void shouldTakeVectorsFromNumberedColumnsInTheirOrder() throws IOException {
        assertThat(csv("\ufeffv1,id,v0\n2,a,1\n4,b,3", "x-"))
                .isEqualTo("{\"id\":\"x-a\",\"vector\":[1,2]}\n{\"id\":\"x-b\",\"vector\":[3,4]}\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name,vector~a,1             | line 1: the header must name a column id",
                "id,name~a,1                 | line 1: the header must name a column id",
                "id,vector,v0~a,1,1          | line 1: the header must name a column id",
                "id,v0,v2~a,1,1              | line 1: the header has 2 columns of components, but no v1",
                "id,id,v0~a,1,1              | line 1: the header names the column \"id\" twice",
                "id,v0,v1~a,1                | line 2: expected 3 fields as in the header, got 2",
                "id,v0,v1~a,1,2~b,1,x        | line 3: vector: component 1: expected a finite number, got \"x\"",
                "id,v0,v1~a,1,NaN            | line 2: vector: component 1: expected a finite number",
                "id,v0,v1~a,1,1e39           | line 2: vector: component 1: expected a finite number",
                "id,v0~,1                    | line 2: the id is empty",
                "id,vector~a,1 2~b,1 2 3     | line 3: vector: expected 2 numbers as in the rows before, got 3",
                "id,vector~a,[]              | line 2: vector: expected a JSON array",
                "id,v0~a,\"1                 | line 2: a quoted field is not closed",
                "id,v0~a,\"1\"2              | line 2: \"2\" after a closing quote",
                "id,v0~a,1\"                 | line 2: a quote within an unquoted field",
            })
    void shouldNameTheLineOfABadCsvRecord(String file, String message) {
        assertThatThrownBy(() -> csv(file.replace('~', '\n'), ""))
                .isInstanceOf(BadRowException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void shouldRefuseCsvThatIsNotUtf8() {
        byte[] latin1 = "id,v0,name\na,1,K\u00e4se\n".getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> all(new CsvRecords(new ByteArrayInputStream(latin1), "")))
                .isInstanceOf(BadRowException.class)
                .hasMessageContaining("not UTF-8");
    }

    @Test
    void shouldSkipTheRowsThatItWouldHaveRead() throws IOException {
        String file = "{\"id\":1,\"vector\":[1]}\n\n{\"id\":2,\"vector\":[1]}\n{\"id\":3,\"vector\":[1]}\n";
        RecordReader reader = new NdjsonRecords(stream(file), "");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(reader.skip()).isTrue();
        assertThat(reader.skip()).isTrue();
        assertThat(reader.next(out)).isTrue();
        assertThat(reader.position()).isEqualTo("line 4");
        assertThat(reader.skip()).isFalse();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("{\"id\":3,\"vector\":[1]}\n");
    }

    private static String ndjson(String file, String prefix) throws IOException {
        return all(new NdjsonRecords(stream(file), prefix));
    }

    private static String csv(String file, String prefix) throws IOException {
        return all(new CsvRecords(stream(file), prefix));
    }

    private static ByteArrayInputStream stream(String file) {
        return new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8));
    }

    private static String all(RecordReader reader) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (reader) {
            while (reader.next(out)) {
                // gather
            }
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
