using System.Net;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.MailAuth;

/// <summary>The suite of RFC 7208, 203 tests.</summary>
public sealed class SpfSuiteTests
{
    [SkippableFact]
    public async Task Every_test_of_the_suite_passes()
    {
        Skip.If(RepositoryTree.Suites is null && !RepositoryTree.IsContinuousIntegration, "the suites are not here (MAILPLUS_SUITES)");
        var wrong = new List<string>();
        var count = 0;
        foreach (var scenario in SuiteYaml.ReadFile(Path.Combine(RepositoryTree.Suites!, "spf", "rfc7208-tests.yml")))
        {
            var zone = SuiteYaml.Get(scenario, "zonedata")!;
            foreach (var (name, test) in (Dictionary<string, object>)SuiteYaml.Get(scenario, "tests")!)
            {
                count++;
                var question = new SpfQuestion(IPAddress.Parse(SuiteYaml.Text(test, "host")), SuiteYaml.Text(test, "helo"), SuiteYaml.Text(test, "mailfrom"));
                var outcome = await new SpfCheck(new ZoneFromSuite(zone), TimeProvider.System).CheckAsync(question, SpfCheck.DefaultTimeLimit, default);
                var expected = SuiteYaml.List(SuiteYaml.Get(test, "result")).Cast<string>().ToList();
                var explanation = SuiteYaml.Get(test, "explanation") as string;
                if (!expected.Contains(outcome.Result.Word()) || (explanation is not null && outcome.Explanation != (explanation == "DEFAULT" ? "" : explanation)))
                {
                    wrong.Add($"{name}: {outcome} but expected {string.Join('/', expected)} {explanation}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(203, count);
    }
}
