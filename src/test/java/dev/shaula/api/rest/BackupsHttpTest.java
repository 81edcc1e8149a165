package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.not;

import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class BackupsHttpTest {
    @Test
    void shouldBackUpRestoreUnderAnotherNameAndSwitchTheAlias() {
        Http.create("prices", 2);
        Http.upsert("prices", "{'id':'a','vector':[1,0],'metadata':{'v':1}}").statusCode(200);
        Http.post("/aliases", "{'alias':'shop','collection':'prices'}")
                .statusCode(200)
                .body("alias", equalTo("shop"))
                .body("collection", equalTo("prices"));
        Http.post("/admin/backup", "{'collection':'shop','name':'monday'}")
                .statusCode(201)
                .body("success", equalTo(true))
                .body("status", equalTo("complete"))
                .body("bytes", greaterThan(0))
                .body("collections[0].name", equalTo("prices"))
                .body("collections[0].sequences", everyItem(greaterThan(-2)));
        Http.upsert("shop", "{'id':'a','vector':[1,0],'metadata':{'v':2}}").statusCode(200);
        given().get("/vectors/a?collection=prices").then().body("metadata.v", equalTo(2));

        Http.post("/admin/restore", "{'backup':'monday','as':'prices-monday'}")
                .statusCode(201)
                .body("collections[0].name", equalTo("prices-monday"))
                .body("collections[0].vector_count", equalTo(1));
        Http.post("/aliases", "{'alias':'shop','collection':'prices-monday'}").statusCode(200);
        given().get("/vectors/a?collection=shop").then().body("metadata.v", equalTo(1));
        given().get("/collections/shop")
                .then()
                .body("name", equalTo("prices-monday"))
                .body("aliases", hasItem("shop"));
        given().get("/collections").then().body("collections.find { it.name == 'prices' }.aliases", equalTo(List.of()));

        given().get("/admin/backups").then().statusCode(200).body("backups.name", hasItem("monday"));
        given().delete("/admin/backups/monday").then().statusCode(200).body("name", equalTo("monday"));
        given().get("/admin/backups").then().body("backups.name", not(hasItem("monday")));
        given().delete("/collections/prices-monday")
                .then()
                .statusCode(409)
                .body("error", containsString("has aliases: shop"));
        given().get("/aliases").then().body("aliases.find { it.alias == 'shop' }.collection", equalTo("prices-monday"));
        given().delete("/aliases/shop").then().statusCode(200);
        given().delete("/aliases/shop").then().statusCode(404);
        given().delete("/collections/prices-monday").then().statusCode(200);
        given().delete("/collections/prices").then().statusCode(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "/admin/backup | {'colection':'x'} | 400 | expected no other fields than collection, name, got \"colection\"",
                "/admin/backup | {'name':7} | 400 | name: expected a string, got 7",
                "/admin/backup | {'name':'../x'} | 400 | name: expected 1 to 100 letters",
                "/admin/backup | {'collection':'nowhere'} | 404 | collection \"nowhere\" does not exist",
                "/admin/restore | {} | 400 | backup: expected a string, got nothing",
                "/admin/restore | {'backup':'nothing'} | 404 | backup \"nothing\" does not exist",
                "/admin/restore | {'backup':'..'} | 400 | backup: expected 1 to 100 letters",
                "/aliases | {'alias':'x'} | 400 | collection: expected a string, got nothing",
                "/aliases | {'alias':'x','collection':'nowhere'} | 404 | collection \"nowhere\" does not exist",
                "/aliases | {'alias':'.x','collection':'nowhere'} | 400 | alias: must not start with a dot",
            })
    void shouldRefuseNamingWhatIsWrong(String path, String json, int status, String error) {
        Http.post(path, json).statusCode(status).body("error", containsString(error));
    }

    @Test
    void shouldRefuseToDeleteOutsideTheBackups() {
        given().urlEncodingEnabled(false)
                .delete("/admin/backups/..%2f..%2fcollections")
                .then()
                .statusCode(400)
                .body("error", containsString("backup: expected 1 to 100 letters"));
    }
}
