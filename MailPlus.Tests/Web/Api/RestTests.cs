using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Web.Api;

/// <summary>A running server with an administrator and an ordinary user.</summary>
public sealed class RestServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public RestClient Admin { get; private set; } = null!;

    public RestClient Ann { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        Admin = new RestClient(Server, "admin");
        Ann = new RestClient(Server, "ann@example.test");
    }

    public async Task DisposeAsync()
    {
        Admin.Dispose();
        Ann.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>REST under /api/v1 from the outside: what a script can do, and what it may not.</summary>
public sealed class RestTests(RestServer rest) : IClassFixture<RestServer>
{
    public static TheoryData<string, string, string> Everything => new()
    {
        { "GET", "status", "" }, { "GET", "domains", "" }, { "GET", "domains/1", "" }, { "GET", "accounts", "" }, { "GET", "accounts/1", "" }, { "GET", "queue", "" },
        { "GET", "log/mail", "" }, { "GET", "settings", "" }, { "DELETE", "domains/1", "" }, { "DELETE", "accounts/1", "" }, { "DELETE", "queue/1", "" },
        { "GET", "domains/1/aliases", "" }, { "GET", "domains/1/aliases/export", "" }, { "POST", "domains/1/aliases", """{"localPart":"x","members":["ann"]}""" }, { "DELETE", "domains/1/aliases/1", "" },
        { "PUT", "domains/1/aliases/1", """{"localPart":"x","members":["ann"]}""" }, { "POST", "domains/1/aliases/import", """{"text":"x: ann"}""" },
        { "GET", "domains/1/dkim", "" }, { "PATCH", "domains/1/dkim", """{"enabled":true}""" }, { "POST", "domains/1/dkim/keys", "{}" }, { "POST", "domains/1/dkim/keys/1/activate", "" },
        { "DELETE", "domains/1/dkim/keys/1", "" }, { "GET", "domains/1/dns", "" }, { "GET", "domains/1/dns/history", "" },
        { "GET", "domains/1/bcc", "" }, { "POST", "domains/1/bcc", """{"criterion":"All","target":"ann"}""" }, { "PUT", "domains/1/bcc/1", """{"criterion":"All","target":"ann"}""" }, { "DELETE", "domains/1/bcc/1", "" },
        { "POST", "domains/1/bcc/import", """{"criterion":"From","text":""}""" }, { "GET", "domains/1/bcc/export?criterion=From", "" },
        { "GET", "domains/1/disclaimers", "" }, { "POST", "domains/1/disclaimers", """{"name":"x","plain":"x"}""" }, { "PUT", "domains/1/disclaimers/1", """{"name":"x","plain":"x"}""" },
        { "DELETE", "domains/1/disclaimers/1", "" }, { "PUT", "domains/1/disclaimers/order", """[{"id":1,"enabled":true}]""" },
        { "POST", "domains", """{"name":"new.test"}""" }, { "PATCH", "domains/1", """{"description":"x"}""" },
        { "POST", "accounts", """{"address":"x@example.test","password":"Another-Good-1-Pass"}""" }, { "PATCH", "accounts/1", """{"isActive":false}""" },
        { "PUT", "accounts/1/password", """{"password":"Another-Good-1-Pass"}""" }, { "POST", "queue/retry", "" }, { "POST", "queue/1/retry", "" },
        { "PATCH", "settings", """{"Smtp.MaximumHops":"49"}""" }, { "POST", "settings/trial/keep", "" }, { "POST", "settings/trial/undo", "" },
        { "GET", "groups", "" }, { "POST", "groups", """{"name":"x"}""" }, { "PUT", "groups/1", """{"name":"x"}""" }, { "PATCH", "groups/1/members", "{}" }, { "DELETE", "groups/1", "" },
        { "GET", "activation", "" }, { "PATCH", "activation", """{"byDefault":true}""" }, { "GET", "licences", "" }, { "POST", "licences", """{"keys":["x"]}""" }, { "POST", "licences/recheck", "" },
        { "GET", "policies", "" }, { "POST", "policies", """{"name":"x"}""" }, { "PUT", "policies/1", """{"name":"x"}""" }, { "PUT", "policies/order", """{"order":[1]}""" }, { "DELETE", "policies/1", "" },
        { "GET", "accounts/1/app-passwords", "" }, { "POST", "accounts/1/app-passwords", """{"name":"x"}""" }, { "DELETE", "accounts/1/app-passwords/1", "" }, { "GET", "accounts/1/sign-ins", "" },
        { "GET", "usage", "" }, { "POST", "usage/clear", """{"accounts":[1]}""" },
    };

    [Theory]
    [MemberData(nameof(Everything))]
    public async Task Nobody_gets_in_without_a_password_and_a_user_gets_nothing_of_the_administrator(string method, string path, string json)
    {
        object? body = json.Length == 0 ? null : JsonSerializer.Deserialize<JsonElement>(json);
        using var stranger = new RestClient(rest.Server, null);
        using var wrong = new RestClient(rest.Server, "ann", "wrong");
        var refused = (await stranger.SendAsync(new HttpMethod(method), path, body)).Must(HttpStatusCode.Unauthorized);
        Assert.Contains(refused.Headers.WwwAuthenticate, offered => offered.Scheme == "Basic");
        (await wrong.SendAsync(new HttpMethod(method), path, body)).Must(HttpStatusCode.Unauthorized);
        // Ann's own account is the only thing here that could be hers, and it is not number 1.
        (await rest.Ann.SendAsync(new HttpMethod(method), path, body)).Must(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_domain_lives_from_POST_to_DELETE()
    {
        var added = (await rest.Admin.SendAsync(HttpMethod.Post, "domains", new { name = "bücher.test", description = "books" })).Must(HttpStatusCode.Created);
        Assert.Equal("xn--bcher-kva.test", added["name"].GetString());
        Assert.Equal("bücher.test", added["unicodeName"].GetString());
        var path = $"domains/{added["id"].GetInt64()}";
        (await rest.Admin.SendAsync(HttpMethod.Patch, path, new { description = "more books" })).Must(HttpStatusCode.OK);
        Assert.Equal("more books", (await rest.Admin.GetAsync(path)).Must(HttpStatusCode.OK)["description"].GetString());
        Assert.Equal(1, (await rest.Admin.GetAsync("domains?search=xn--bcher")).Must(HttpStatusCode.OK)["total"].GetInt32());
        Problem(await rest.Admin.SendAsync(HttpMethod.Post, "domains", new { name = "BÜCHER.test" }), HttpStatusCode.Conflict, "Name");
        Problem(await rest.Admin.SendAsync(HttpMethod.Post, "domains", new { name = "no domain" }), HttpStatusCode.BadRequest, "Name");
        (await rest.Admin.SendAsync(HttpMethod.Delete, path)).Must(HttpStatusCode.NoContent);
        (await rest.Admin.GetAsync(path)).Must(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_account_made_by_REST_signs_in_until_it_is_switched_off()
    {
        var added = (await rest.Admin.SendAsync(HttpMethod.Post, "accounts", new { address = "kim@example.test", password = rest.Server.Plan.Password, displayName = "김" })).Must(HttpStatusCode.Created);
        var path = $"accounts/{added["id"].GetInt64()}";
        Assert.True(await SignsInAsync("kim", rest.Server.Plan.Password));
        (await rest.Admin.SendAsync(HttpMethod.Put, path + "/password", new { password = "Another-Good-1-Pass" })).Must(HttpStatusCode.NoContent);
        Assert.False(await SignsInAsync("kim", rest.Server.Plan.Password));
        Assert.True(await SignsInAsync("kim", "Another-Good-1-Pass"));
        Assert.False((await rest.Admin.SendAsync(HttpMethod.Patch, path, new { isActive = false })).Must(HttpStatusCode.OK)["isActive"].GetBoolean());
        Assert.False(await SignsInAsync("kim", "Another-Good-1-Pass"));
        Assert.Equal("김", (await rest.Admin.GetAsync("accounts?search=kim&limit=1")).Must(HttpStatusCode.OK)["rows"][0].GetProperty("displayName").GetString());
        Problem(await rest.Admin.SendAsync(HttpMethod.Post, "accounts", new { address = "kim@example.test", password = "Another-Good-1-Pass" }), HttpStatusCode.Conflict);
        Problem(await rest.Admin.SendAsync(HttpMethod.Post, "accounts", new { address = "not an address", password = "x" }), HttpStatusCode.BadRequest, "Address");
        (await rest.Admin.SendAsync(HttpMethod.Delete, path)).Must(HttpStatusCode.NoContent);
        (await rest.Admin.GetAsync(path)).Must(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Settings_are_changed_together_or_not_at_all_and_secrets_stay_hidden()
    {
        await rest.Admin.SetAsync(("Delivery.RelayPassword", "hush-hush"));
        var before = (await rest.Admin.GetAsync("settings")).Must(HttpStatusCode.OK);
        Assert.DoesNotContain("hush-hush", before.Body.GetRawText(), StringComparison.Ordinal);
        var refused = await rest.Admin.SendAsync(HttpMethod.Patch, "settings", new Dictionary<string, string> { ["Smtp.MaximumHops"] = "40", ["Smtp.IdleSeconds"] = "1" });
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Problem(await rest.Admin.SendAsync(HttpMethod.Patch, "settings", new Dictionary<string, string> { ["Smtp.NoSuchSetting"] = "1" }), HttpStatusCode.NotFound, "Smtp.NoSuchSetting");
        var after = (await rest.Admin.GetAsync("settings")).Must(HttpStatusCode.OK);
        Assert.Equal(before["version"].GetInt64(), after["version"].GetInt64());
        Assert.Equal("50", after["settings", "Smtp.MaximumHops"].GetString());
    }

    [Fact]
    public async Task Mail_under_way_is_listed_retried_and_removed_and_the_log_tells_of_it()
    {
        // Nothing answers for this domain's name server: the message has to wait.
        await rest.Admin.SetAsync(("Resolver.Servers", "[\"127.0.0.1:9\"]"), ("Resolver.TimeoutSeconds", "1"));
        using (var client = await WireClient.ConnectAsync(rest.Server.Submission))
        {
            var credential = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0ann\0{rest.Server.Plan.Password}"));
            await client.ReadReplyAsync();
            foreach (var command in (string[])["EHLO c.test", $"AUTH PLAIN {credential}", "MAIL FROM:<ann@example.test>", "RCPT TO:<far@away.test>", "DATA"])
            {
                await client.SmtpAsync(command);
            }

            Assert.StartsWith("250", await client.SmtpAsync("From: <ann@example.test>\r\nSubject: far away\r\n\r\ntext\r\n."));
        }

        JsonElement waiting = default;
        await Eventually.TrueAsync(
            async () => (waiting = (await rest.Admin.GetAsync("queue?search=far@away.test"))["rows"]).GetArrayLength() == 1
                && waiting[0].GetProperty("recipients")[0].GetProperty("state").GetString() == "Deferred",
            () => $"the message waits: {waiting}");
        var id = waiting[0].GetProperty("id").GetString();
        Assert.Equal(1, (await rest.Admin.SendAsync(HttpMethod.Post, $"queue/{id}/retry")).Must(HttpStatusCode.OK)["retried"].GetInt32());
        (await rest.Admin.SendAsync(HttpMethod.Delete, $"queue/{id}")).Must(HttpStatusCode.NoContent);
        Problem(await rest.Admin.SendAsync(HttpMethod.Delete, $"queue/{id}"), HttpStatusCode.NotFound);
        Problem(await rest.Admin.SendAsync(HttpMethod.Delete, "queue/nonsense"), HttpStatusCode.NotFound);
        await Eventually.TrueAsync(
            async () => (await rest.Admin.GetAsync("log/mail?search=far@away.test&kind=Deferred"))["total"].GetInt32() > 0, () => "the log tells of the delay");
    }

    [Fact]
    public async Task The_status_counts_and_lists_the_services()
    {
        var status = (await rest.Admin.GetAsync("status")).Must(HttpStatusCode.OK);
        Assert.True(status["accounts"].GetInt32() >= 2);
        Assert.Contains(status["services"].EnumerateArray(), service => service.GetProperty("condition").GetString() == "Running");
    }

    [Theory]
    [InlineData("POST", "accounts", "{ not json")]
    [InlineData("POST", "accounts", "[]")]
    [InlineData("PATCH", "settings", "{\"Smtp.MaximumHops\": {}}")]
    [InlineData("POST", "domains", "")]
    public async Task What_cannot_be_read_is_a_bad_request_without_a_word_of_our_inside(string method, string path, string body)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{rest.Server.Web}/api/v1/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"admin:{rest.Server.Plan.Password}")));
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        using var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("   at ", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATCH")]
    [InlineData("GET")]
    public async Task An_address_that_is_not_there_is_a_problem_document_too(string method) =>
        Problem(await rest.Admin.SendAsync(new HttpMethod(method), "nothing-here"), HttpStatusCode.NotFound);

    private static void Problem(RestAnswer answer, HttpStatusCode status, string? field = null)
    {
        Assert.Equal(status, answer.Must(status).Status);
        Assert.Equal((int)status, answer["status"].GetInt32());
        Assert.NotEmpty(answer["title"].GetString()!);
        if (field is not null)
        {
            Assert.Equal(field, answer["field"].GetString());
        }
    }

    private async Task<bool> SignsInAsync(string name, string password)
    {
        using var imap = await WireClient.ConnectAsync(rest.Server.Imap);
        await imap.ReadLineAsync();
        return (await imap.ImapAsync($"LOGIN {name} {password}"))[^1].Contains(" OK", StringComparison.Ordinal);
    }
}
