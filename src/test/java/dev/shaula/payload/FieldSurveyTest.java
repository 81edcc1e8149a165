package dev.shaula.payload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomFilters;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.FoundFields;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NullMarked
class FieldSurveyTest {
    private static FoundFields survey(String json, FieldIndex... known) {
        return new FieldSurvey(List.of(known), List.of()).of(List.of(Metadata.ofJson(json.replace('\'', '"'))));
    }

    private static String found(FoundFields fields) {
        return Stream.concat(
                        fields.indexable().stream()
                                .map(i -> i.field() + ":" + i.kind().wireName()),
                        fields.leftOut().stream().map(field -> field + ":-"))
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', emptyValue = "", textBlock = """
            {'a':'x','b':1,'c':2.5,'d':true}                    | a:keyword b:float c:float d:boolean
            {'t':'2026-01-31','u':'2026-01-31T12:00:00Z'}        | t:datetime u:datetime
            {'t':'2026-01-32','u':''}                            | t:keyword u:keyword
            {'a':null,'b':[],'c':{},'d':[null],'e':[[1]]}        | ''
            {'a':[null,3,'x'],'b':['x',3],'c':[[1],true]}        | a:float b:keyword c:boolean
            {'a':{'b':{'c':1},'d':'x'},'e':2}                    | a.b.c:float a.d:keyword e:float
            {'a.b':1,'a':{'b':'x'}}                              | a.b:float
            {'p':{'lat':1,'lon':2},'q':{'lat':91,'lon':2}}       | p:geo q.lat:float q.lon:float
            {'p':{'lon':2,'name':'x','lat':-90}}                 | p:geo
            {'p':[{'lat':1,'lon':2}],'q':[{'a':1},7],'r':[{'a':1}]} | p:geo q:float
            {'lat':1,'lon':2}                                    | lat:float lon:float
            {'metadata':{'a':1},'metadata.b':2,'':3}             | ''
            {'a\\n':1,'b':{'\\t':2}}                             | ''
            """)
    void shouldTakeTheKindOfTheFirstValue(String json, String expected) {
        assertThat(found(survey(json))).isEqualTo(expected);
    }

    @Test
    void shouldSkipWhatIsKnownInEitherForm() {
        FieldIndex nested = new FieldIndex("a.b", Kind.KEYWORD);
        FieldIndex place = new FieldIndex("p", Kind.GEO);
        assertThat(found(survey("{'a.b':1,'a':{'b':2,'c':3},'p':{'x':1},'q':1}", nested, place)))
                .isEqualTo("a.c:float q:float");
        assertThat(found(survey("{'a':{'b':2}}", new FieldIndex("a", Kind.KEYWORD))))
                .as("an object where a text was")
                .isEqualTo("a.b:float");
        assertThat(found(survey("{'a':{'lat':1,'lon':2}}", new FieldIndex("a", Kind.KEYWORD))))
                .isEmpty();
        FoundFields left = new FieldSurvey(List.of(), List.of("a", "b.c"))
                .of(List.of(Metadata.ofJson("{\"a\":1,\"b\":{\"c\":1,\"d\":1}}")));
        assertThat(found(left)).isEqualTo("b.d:float");
    }

    @Test
    void shouldLeaveOutFieldsThatBeginWithALongText() {
        String longText = "x".repeat(Limits.MAX_AUTO_TEXT + 1);
        String json = "{'a':'" + longText + "','b':'" + longText.substring(1) + "','c':['" + longText + "','y']}";
        assertThat(found(survey(json))).isEqualTo("b:keyword a:- c:-");
    }

    @Test
    void shouldLookAtAllRowsAndLetTheFirstValueDecide() {
        List<Metadata> rows = Stream.of("{\"a\":null}", "{}", "{\"a\":1,\"b\":\"x\"}", "{\"a\":\"x\",\"c\":true}")
                .map(Metadata::ofJson)
                .toList();
        assertThat(found(new FieldSurvey(List.of(), List.of()).of(rows))).isEqualTo("a:float b:keyword c:boolean");
    }

    @Test
    void shouldNotGatherMoreThanThereCanBeRoomFor() {
        List<String> fields = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            fields.add("\"f" + i + "\":" + i);
        }
        FoundFields found = survey("{" + String.join(",", fields) + "}");
        assertThat(found.indexable()).hasSize(Limits.MAX_INDEXES + Limits.MAX_LEFT_OUT_FIELDS);
    }

    /** What is found and then known is not found again, whatever the rows look like. */
    @Test
    void shouldFindNothingTwice() {
        RandomFilters rows = new RandomFilters(20_271);
        List<FieldIndex> known = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            List<Metadata> row = List.of(rows.row());
            known.addAll(new FieldSurvey(known, List.of()).of(row).indexable());
            assertThat(found(new FieldSurvey(known, List.of()).of(row))).isEmpty();
        }
        assertThat(known.stream().map(FieldIndex::field).distinct()).hasSameSizeAs(known);
        assertThat(known.stream().map(FieldIndex::field)).contains("k", "n", "b", "t", "g", "w", "deep.n");
    }
}
