// Omise's Java client at the emulator: what it sees, as JSON.
import co.omise.Client;
import co.omise.Config;
import co.omise.Configurer;
import co.omise.Endpoint;
import co.omise.Serializer;
import co.omise.models.*;
import co.omise.requests.RequesterImpl;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;

public class Main {
    interface Call { void run() throws Exception; }

    /** The client with another address: its own headers, then the emulator's scheme, host, port. */
    static Client clientFor(HttpUrl emulator, String key) {
        Config config = new Config(Endpoint.API_VERSION, "pkey_test_none", key);
        OkHttpClient http = new OkHttpClient.Builder().addInterceptor(chain -> {
            Request request = Configurer.configure(config, chain.request());
            HttpUrl url = request.url().newBuilder()
                .scheme(emulator.scheme()).host(emulator.host()).port(emulator.port()).build();
            return chain.proceed(request.newBuilder().url(url).build());
        }).build();
        return new Client(new RequesterImpl(http, Serializer.defaultSerializer()));
    }

    static String code(Call call) throws Exception {
        try {
            call.run();
        } catch (OmiseException refusal) {
            return refusal.getCode();
        }
        return null;
    }

    static List<String> ids(OmiseList<Link> links) {
        List<String> ids = new ArrayList<>();
        for (Link link : links.getData()) ids.add(link.getId());
        return ids;
    }

    public static void main(String[] arguments) throws Exception {
        Client client = clientFor(HttpUrl.parse(System.getenv("OMISE_URL")), System.getenv("OMISE_KEY"));
        Link made = client.sendRequest(new Link.CreateRequestBuilder()
            .amount(150_000).currency("thb").title("Spring & ตั๋ว").description("a\nb").multiple(true)
            .build());
        Link again = client.sendRequest(new Link.GetRequestBuilder(made.getId()).build());
        ScopedList<Link> listed = client.sendRequest(new Link.ListRequestBuilder()
            .options(new ScopedList.Options().limit(100).order(Ordering.Chronological)).build());
        SearchResult<Link> found = client.sendRequest(
            new SearchResult.SearchRequestBuilder<Link>(new SearchResult.Options()
                .scope(SearchScope.Link).query("Spring").filter("multiple", "true")).build());
        String paidId = System.getenv("OMISE_PAID");
        Link paid = client.sendRequest(new Link.GetRequestBuilder(paidId).build());
        List<Long> charges = new ArrayList<>();
        for (Charge charge : client.sendRequest(
                new Link.ListChargesRequestBuilder(paidId).build()).getData()) {
            charges.add(charge.getAmount());
        }
        Link gone = client.sendRequest(new Link.DeleteRequestBuilder(made.getId()).build());

        Map<String, Object> link = new LinkedHashMap<>();
        link.put("id", again.getId());
        link.put("amount", again.getAmount());
        link.put("currency", again.getCurrency());
        link.put("title", again.getTitle());
        link.put("description", again.getDescription());
        link.put("multiple", again.isMultiple());
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("account", client.sendRequest(new Account.GetRequestBuilder().build()).getEmail());
        seen.put("made", link);
        seen.put("payment_uri", made.getPaymentUri());
        seen.put("listed", ids(listed));
        seen.put("found", ids(found));
        seen.put("paid", Arrays.asList(paid.isUsed(), charges));
        seen.put("refused", code(() -> client.sendRequest(new Link.CreateRequestBuilder()
            .amount(1).currency("thb").title("t").description("d").build())));
        seen.put("missing", code(() -> client.sendRequest(
            new Link.GetRequestBuilder("link_test_none").build())));
        seen.put("deleted", gone.isDeleted());
        new PrintStream(System.out, true, "UTF-8").println(new ObjectMapper().writeValueAsString(seen));
        System.exit(0); // okhttp keeps threads
    }
}
