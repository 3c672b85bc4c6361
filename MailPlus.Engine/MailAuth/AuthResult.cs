namespace MailPlus.Engine.MailAuth;

/// <summary>Outcome of one method, in the words of RFC 8601 2.7.</summary>
public enum AuthResult
{
    /// <summary>There was nothing to check: no policy, no signature.</summary>
    None,

    /// <summary>Checked, and nothing can be said.</summary>
    Neutral,

    /// <summary>Authenticated.</summary>
    Pass,

    /// <summary>Checked and wrong.</summary>
    Fail,

    /// <summary>SPF only: probably not authorised.</summary>
    SoftFail,

    /// <summary>Authenticated, but not acceptable here, e.g. a key that is too short.</summary>
    Policy,

    /// <summary>DNS did not answer: a later attempt may end otherwise.</summary>
    TempError,

    /// <summary>What was published or signed cannot be read.</summary>
    PermError,
}

/// <summary>Results as words.</summary>
public static class AuthResults
{
    /// <summary>The keyword of RFC 8601 2.7.</summary>
    public static string Word(this AuthResult result) => result switch
    {
        AuthResult.None => "none",
        AuthResult.Neutral => "neutral",
        AuthResult.Pass => "pass",
        AuthResult.Fail => "fail",
        AuthResult.SoftFail => "softfail",
        AuthResult.Policy => "policy",
        AuthResult.TempError => "temperror",
        _ => "permerror",
    };

    /// <summary>The result of a keyword, in any case; false for an unknown one.</summary>
    public static bool TryRead(ReadOnlySpan<char> word, out AuthResult result)
    {
        foreach (var known in Enum.GetValues<AuthResult>())
        {
            if (word.Equals(known.Word(), StringComparison.OrdinalIgnoreCase))
            {
                result = known;
                return true;
            }
        }

        result = AuthResult.None;
        return false;
    }
}
