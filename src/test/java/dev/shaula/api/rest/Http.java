package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;

import io.restassured.RestAssured;
import io.restassured.response.ValidatableResponse;
import java.net.URI;

/** Shorthand for requests; single quotes in bodies stand for double ones. */
final class Http {
    private Http() {}

    /** Where the server under test listens. */
    static URI base() {
        return URI.create("http://127.0.0.1:" + RestAssured.port);
    }

    static ValidatableResponse post(String path, String json) {
        return given().contentType("application/json")
                .body(json.replace('\'', '"'))
                .post(path)
                .then();
    }

    static void create(String name, int dimensions) {
        post("/collections", "{'name':'" + name + "','dimensions':" + dimensions + "}")
                .statusCode(201);
    }

    /** Upserts records, given as the inside of the {@code vectors} list. */
    static ValidatableResponse upsert(String collection, String records) {
        return post("/vectors/upsert", "{'collection':'" + collection + "','vectors':[" + records + "]}");
    }

    static int count(String collection) {
        return given().get("/collections/" + collection).then().extract().path("vector_count");
    }
}
