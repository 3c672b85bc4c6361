using MailPlus.Engine.Sieve.Extensions;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Sieve.Scripts;

/// <summary>What has a say when mail comes to an account, ready to run.</summary>
/// <param name="Own">The user's active script, null when there is none or it cannot run.</param>
/// <param name="OwnName">Its name.</param>
/// <param name="Personal">Answer and forwarding, null when both are off.</param>
/// <param name="Problems">Why the active script cannot run: an extension or an included script that it rested on is gone.</param>
internal sealed record AccountScripts(CompiledScript? Own, string OwnName, CompiledScript? Personal, IReadOnlyList<SieveProblem> Problems)
{
    public static AccountScripts Compile(IReadOnlyList<StoredScript> stored, IEnumerable<string> ownDomains)
    {
        var problems = new SieveProblems();
        var active = stored.FirstOrDefault(script => script is { Kind: ScriptKind.Script, IsActive: true });
        var own = active is null ? null : Compile(OctetText.Read(active.Text.Span), stored, problems);
        var rules = stored.FirstOrDefault(script => script is { Kind: ScriptKind.Personal, IsActive: true });
        var personal = rules is null ? null : Compile(PersonalRules.Read(rules.Text.Span).ToSieve(ownDomains), [], new SieveProblems());
        return new AccountScripts(own, active?.Name ?? "", personal, [.. problems.List.Where(problem => !problem.IsWarning)]);
    }

    /// <summary>Compiles a text with the account's other scripts at hand for include.</summary>
    public static CompiledScript? Compile(string text, IReadOnlyList<StoredScript> stored, SieveProblems problems)
    {
        var dialect = SieveDialect.Offered;
        var library = new IncludedScripts();
        var open = new Queue<string>([text]);
        while (open.TryDequeue(out var next))
        {
            foreach (var (isGlobal, name) in IncludeExtension.Names(SieveParser.Parse(next, dialect.SyntaxLimits, new SieveProblems())))
            {
                if (!isGlobal && !library.Knows(isGlobal, name) && stored.FirstOrDefault(script => script.Kind == ScriptKind.Script && script.Name == name) is { } found)
                {
                    var included = OctetText.Read(found.Text.Span);
                    library.Add(isGlobal, name, included);
                    open.Enqueue(included);
                }
            }
        }

        return SieveCompiler.Compile(text, dialect, library, problems);
    }
}
