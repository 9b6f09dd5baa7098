# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kubectl_safe_update_global_optspecs
    string join \n kubeconfig= context= cluster= user= n/namespace= s/server= token= as= as-uid= as-group= as-user-extra= client-certificate= client-key= certificate-authority= insecure-skip-tls-verify= tls-server-name= request-timeout= disable-compression= cache-dir= no-exec config= color= q/quiet v/v= log-format= h/help V/version
end

function __fish_kubectl_safe_update_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kubectl_safe_update_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kubectl_safe_update_using_subcommand
    set -l cmd (__fish_kubectl_safe_update_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -s V -l version -d 'Print version'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "plan" -d 'Show what could move, to what, and what the policy says about it'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "explain" -d 'Show every tag and every gate of one target or image, and what would change the answer'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "apply" -d 'Carry a plan out: record, write, verify, soak, and put back what fails'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "upgrade" -d 'Upgrade one Helm release: preview, confirm, upgrade, verify, and put back what fails'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "rollback" -d 'Put back what ran before a change, as a new rollout'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "resume" -d 'Finish or undo what a killed run left'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "status" -d 'Show what is under way or was left unfinished'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "history" -d 'Show what was done: when, by whom, why, and how it ended'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "approve" -d 'Say yes to versions that need one, for a later unattended run'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "forget" -d 'Take versions off the list of what is known bad'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "audit" -d 'Check the tamper-evident log'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "list" -d 'List what runs: images, who owns them, where they come from'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "check" -d 'Check that everything can be read and done that `plan` and `apply` need'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "config" -d 'Make, show and check policy files'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "completion" -d 'Print a completion script for a shell, or let kubectl complete this plugin'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_needs_command" -f -a "version" -d 'Print the version'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s l -l selector -d 'Label selector: app=web,tier!=db' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l field-selector -d 'Field selector: metadata.name=web' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s c -l container -d 'Only containers (or image volumes) of this name' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s f -l filename -d 'Read manifests instead of a cluster: a file, a directory, or - (can be repeated)' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l only -d 'Only these legs' -r -f -a "kubernetes\t'Workloads in a cluster'
helm\t'Helm releases in a cluster'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l level -d 'The highest level to look for' -r -f
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l constraint -d 'A range that candidates must satisfy, instead of the policy\'s: ">=1.25 <2"' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s o -l output -d 'Output format' -r -f -a "table\t'A table for people'
wide\t'A table with more columns'
json\t'JSON with a schema (`config schema --for plan`)'
yaml\t'The same as YAML'
name\t'Only the names, as every verb takes them'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l out -d 'Write the plan to a file as well, for a later apply' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s A -l all-namespaces -d 'Look into all namespaces (-n does not count then)'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l allow-base-change -d 'Count versions on another base (alpine3.19 for alpine3.18) among the candidates'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l offline -d 'Ask no registry: only what is in the cache'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l refresh -d 'Ask every registry anew, whatever is in the cache'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l diff -d 'Show what would change in each object'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l no-headers -d 'Leave out the column heads'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l detailed-exitcode -d 'Exit with 2 when something is to be updated or held'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l tags-from -d 'Take the published tags from a file: one a line, or a JSON list; - is standard input' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l level -d 'The highest level to look for' -r -f
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l constraint -d 'A range that candidates must satisfy, instead of the policy\'s: ">=1.25 <2"' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -s c -l container -d 'Only this container (or image volume) of the target' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -s f -l filename -d 'Read the target from manifests: a file, a directory, or - (can be repeated)' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l image -d 'Read the argument as an image, even when it looks like a target'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l allow-base-change -d 'Count versions on another base (alpine3.19 for alpine3.18) among the candidates'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l offline -d 'Ask no registry: only what is in the cache'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l refresh -d 'Ask every registry anew, whatever is in the cache'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l all-tags -d 'Show every dropped tag, not only the nearest'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s l -l selector -d 'Label selector: app=web,tier!=db' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l field-selector -d 'Field selector: metadata.name=web' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s c -l container -d 'Only containers (or image volumes) of this name' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l only -d 'Only these legs' -r -f -a "kubernetes\t'Workloads in a cluster'
helm\t'Helm releases in a cluster'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l level -d 'The highest level to look for' -r -f
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l constraint -d 'A range that candidates must satisfy, instead of the policy\'s: ">=1.25 <2"' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l dry-run -d 'Let the server say what it would do, and write nothing' -r -f -a "server\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l progress-deadline -d 'The longest time without progress, instead of the object\'s own or 10m' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l soak -d 'How long a healthy update is watched, instead of the policy\'s (0s: not at all)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l run-timeout -d 'When to stop waiting, whatever is under way; nothing is rolled back for it' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l max-in-flight -d 'Changes that are written or verified at the same time, 1 to 100 (soaking ones do not count)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l stop-after-failures -d 'Failures after which nothing more is begun' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s o -l output -d 'Output of the result' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l metrics-file -d 'Write metrics in Prometheus\' text format to this file, after each change and at the end' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s f -l filename -d 'Read manifests instead of a cluster: a file, a directory, or - (can be repeated)' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s A -l all-namespaces -d 'Look into all namespaces (-n does not count then)'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l allow-base-change -d 'Count versions on another base (alpine3.19 for alpine3.18) among the candidates'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l auto -d 'Never ask, and take only what the policy says needs nobody: the unattended form'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s y -l yes -d 'Say yes to what is named: a plan file or targets'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l run-once -d 'Start a Job of each changed CronJob now, and judge that'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l version -d 'The version of the chart, instead of the one that the policy chooses' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l repo -d 'The address of the repository in which CHART is looked for' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l level -d 'The highest level to look for' -r -f
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l constraint -d 'A range that candidates must satisfy, instead of the policy\'s: ">=1.25 <2"' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -s f -l values -d 'A file with values (can be repeated)' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l set -d 'A value: KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l set-string -d 'A value that stays text: KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l set-file -d 'A value from a file: KEY=FILE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l set-json -d 'A value in JSON: KEY=JSON (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l set-literal -d 'A value taken as it is written: KEY=TEXT (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l timeout -d 'helm\'s own timeout for each hook and each wait (5m0s)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l progress-deadline -d 'The longest time without progress, instead of the object\'s own or 10m' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l soak -d 'How long a healthy update is watched, instead of the policy\'s (0s: not at all)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l run-timeout -d 'When to stop waiting, whatever is under way; nothing is rolled back for it' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l dry-run -d 'Let helm and the server say what they would do, and write nothing' -r -f -a "server\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l diff-context -d 'How many lines around a change are shown; -1 shows all' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -s o -l output -d 'Output of the result' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l metrics-file -d 'Write metrics in Prometheus\' text format to this file, after each change and at the end' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l allow-base-change -d 'Count versions on another base (alpine3.19 for alpine3.18) among the candidates'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l reset-then-reuse-values -d 'The new chart\'s defaults with the release\'s values over them (the default)'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l reuse-values -d 'The release\'s values with the old chart\'s defaults'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l reset-values -d 'The new chart\'s defaults alone'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l unlock -d 'First free a release that a helm left pending, when that helm is certainly gone'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l auto -d 'Never ask, and take only what the policy says needs nobody: the unattended form'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -s y -l yes -d 'Do not ask'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand upgrade" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l to -d 'The record to go back from, as `history` shows it, instead of the last one' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l dry-run -d 'Let the server say what it would do, and write nothing' -r -f -a "server\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l progress-deadline -d 'The longest time without progress, instead of the object\'s own or 10m' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l soak -d 'How long a healthy update is watched, instead of the policy\'s (0s: not at all)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l run-timeout -d 'When to stop waiting, whatever is under way; nothing is rolled back for it' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -s o -l output -d 'Output of the result' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -s y -l yes -d 'Do not ask'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l progress-deadline -d 'The longest time without progress, instead of the object\'s own or 10m' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l soak -d 'How long a healthy update is watched, instead of the policy\'s (0s: not at all)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l run-timeout -d 'When to stop waiting, whatever is under way; nothing is rolled back for it' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -s o -l output -d 'Output of the result' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -s A -l all-namespaces -d 'Also what others left in other namespaces, as the Leases there tell it'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l undo -d 'Put the old versions back instead of going on'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -s A -l all-namespaces -d 'Look into all namespaces (-n does not count then)'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l since -d 'Only what was begun since: a length of time (36h, 7d), a date or a time (UTC)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l limit -d 'The most records to show; 0 shows all' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and not __fish_seen_subcommand_from show" -a "show" -d 'Show one record whole: what, when, by whom, why, with what evidence'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand history; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l expires -d 'How long it counts' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l version -d 'Only this version; without it, all of the target' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -f -a "verify" -d 'Check the chain of hashes of the journal, and name the first entry that is wrong'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and not __fish_seen_subcommand_from verify rebuild" -f -a "rebuild" -d 'Make the index of the journal anew where it is damaged'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l head -d 'The head that an earlier run printed: proves that nothing before it was cut or rewritten' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand audit; and __fish_seen_subcommand_from rebuild" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s l -l selector -d 'Label selector: app=web,tier!=db' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l field-selector -d 'Field selector: metadata.name=web' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s c -l container -d 'Only containers (or image volumes) of this name' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s f -l filename -d 'Read manifests instead of a cluster: a file, a directory, or - (can be repeated)' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l only -d 'Only these legs' -r -f -a "kubernetes\t'Workloads in a cluster'
helm\t'Helm releases in a cluster'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s o -l output -d 'Output format' -r -f -a "table\t'A table for people'
wide\t'A table with more columns'
json\t'JSON with a schema (`config schema --for plan`)'
yaml\t'The same as YAML'
name\t'Only the names, as every verb takes them'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s A -l all-namespaces -d 'Look into all namespaces (-n does not count then)'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l no-headers -d 'Leave out the column heads'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -s A -l all-namespaces -d 'Check for all namespaces'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -f -a "init" -d 'Write a commented policy file'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -f -a "show" -d 'Show every setting and where it came from'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -f -a "check" -d 'Check a policy file and tell errors with line and column'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and not __fish_seen_subcommand_from init show check schema" -f -a "schema" -d 'Print a JSON schema'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l force -d 'Overwrite a file that is there'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -s f -l filename -d 'Take the project\'s file from the directory of these manifests' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l for -d 'Of what' -r -f -a "policy\t'The policy file'
plan\t'The output of `plan -o json`'
explain\t'The output of `explain -o json`'
list\t'The output of `list -o json`'
apply\t'The output of `apply`, `rollback` and `resume -o json`'
history\t'The output of `history -o json`'
record\t'The output of `history show -o json`'
status\t'The output of `status -o json`'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand config; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -a "install" -d 'Let kubectl complete this plugin: link the program that kubectl asks into a directory of PATH'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and not __fish_seen_subcommand_from install uninstall" -a "uninstall" -d 'Remove the links that install made'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l dir -d 'The directory, instead of those' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l dir -d 'The directory, instead of all of PATH and ~/.local/bin' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand completion; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'JSON'
yaml\t'The same as YAML'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l kubeconfig -d 'The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l context -d 'The kubeconfig context' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l cluster -d 'The kubeconfig cluster' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l user -d 'The kubeconfig user' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -s n -l namespace -d 'The namespace, instead of the context\'s' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l token -d 'Bearer token for the API server' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l as -d 'User to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l as-group -d 'Group to impersonate (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l as-user-extra -d 'Extra field to impersonate, KEY=VALUE (can be repeated)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l client-certificate -d 'Client certificate for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l client-key -d 'Client key for TLS' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l certificate-authority -d 'Certificate authority of the API server' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l tls-server-name -d 'Name to expect in the API server\'s certificate' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l request-timeout -d 'How long one request to the API server may take (30s, 2m; 0 means no limit of its own)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l disable-compression -d 'Ask the API server not to compress' -r -f -a "true\t''
false\t''"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l cache-dir -d 'Directory for caches, instead of the user\'s cache directory' -r -f -a "(__fish_complete_directories)"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l config -d 'Policy file, instead of the ones that are found' -r -F
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l color -d 'When to colour; on a terminal that wants it when nothing is said' -r -f -a "auto\t'On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not)'
always\t'Always'
never\t'Never'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -s v -l v -d 'Say more: -v, -vv, or a level as kubectl takes it (-v=4)' -r
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l log-format -d 'How logs are written to standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -l no-exec -d 'Do not run credential plugins that the kubeconfig names'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -s q -l quiet -d 'Leave out warnings and progress'
complete -c kubectl-safe_update -n "__fish_kubectl_safe_update_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
