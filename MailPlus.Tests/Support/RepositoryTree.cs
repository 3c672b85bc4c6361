using System.Runtime.CompilerServices;

namespace MailPlus.Tests.Support;

/// <summary>Where things lie in the source tree, found from the compiled test assembly or from this source file.</summary>
public static class RepositoryTree
{
    /// <summary>The folder that holds MailPlus.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The server program of the configuration the tests were built in.</summary>
    public static string ServerProgram
    {
        get
        {
            var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            var configuration = framework.Parent!;
            var program = Path.Combine(Root, "MailPlus.Web", "bin", configuration.Name, framework.Name, "MailPlus.Web.dll");
            return File.Exists(program) ? program : throw new FileNotFoundException("The server is not built in the tests' configuration.", program);
        }
    }

    /// <summary>The test vectors of others: MAILPLUS_SUITES, or the nearest shared/suites upward; null when absent.</summary>
    public static string? Suites
    {
        get
        {
            var named = Environment.GetEnvironmentVariable("MAILPLUS_SUITES");
            if (!string.IsNullOrEmpty(named))
            {
                return named;
            }

            for (var at = new DirectoryInfo(Root); at is not null; at = at.Parent)
            {
                var candidate = Path.Combine(at.FullName, "shared", "suites");
                if (System.IO.Directory.Exists(candidate))
                {
                    return candidate;
                }
            }

            return null;
        }
    }

    /// <summary>True where a missing suite or tool must fail the run instead of skipping a test.</summary>
    public static bool IsContinuousIntegration =>
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    private static string FindRoot([CallerFilePath] string source = "")
    {
        foreach (var start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(source) })
        {
            for (var at = start is null ? null : new DirectoryInfo(start); at is not null; at = at.Parent)
            {
                if (File.Exists(Path.Combine(at.FullName, "MailPlus.sln")))
                {
                    return at.FullName;
                }
            }
        }

        throw new DirectoryNotFoundException("No MailPlus.sln above the tests.");
    }
}
